"""A latency counts only where a server that costs nothing and a second generator leave no doubt of the meter."""

import pytest

from loadtests.gate import Exit
from loadtests.proof.evidence import conclude
from loadtests.tests.whole_run import OBJECTIVES, loads, promise, red, report, whole
from services.contract.objectives import Verdict


@pytest.mark.parametrize(
    "changes",
    [
        {"null": None},
        {"null": {"promises": [promise("ws_latency", 10.5)]}},
        {"observer": None},
        {"observer": {"samples": [[101_000.0, 3.6]] * 50}},
        {"observer": {"samples": [[101_000.0, 2.4]] * 500}},
        {"observer": {"samples": [[90_000.0, 3.1]] * 50}},
    ],
)
def test_a_latency_without_a_trusted_meter_is_inconclusive(changes):
    assert red(whole(**changes)) == {"ws_latency": Verdict.INCONCLUSIVE}
    assert report(whole(**changes)).exit_code is Exit.INCONCLUSIVE


def test_an_update_that_only_the_other_generator_missed_leaves_the_reach_open():
    observer = {"samples": [[101_000.0, 3.1]] * 50, "missed": 2, "lost": 0}
    assert red(whole(observer=observer)) == {"ws_reach": Verdict.INCONCLUSIVE}
    closed = {"samples": [[101_000.0, 3.1]] * 50, "missed": 0, "lost": 1}
    assert red(whole(observer=closed)) == {"ws_reach": Verdict.INCONCLUSIVE, "ws_closes": Verdict.INCONCLUSIVE}


def test_a_lost_update_that_both_generators_saw_is_no_doubt_but_a_fact():
    lost = loads()
    lost["ws1000"]["promises"][1] = promise("ws_reach", 99.0, "missed")
    observer = {"samples": [[101_000.0, 3.1]] * 50, "missed": 2, "lost": 0}
    assert red(whole(loads=lost, observer=observer))["ws_reach"] is Verdict.MISSED


def test_a_tail_of_which_few_sockets_see_a_part_agrees_only_as_far_as_their_number_allows():
    few = {"samples": [[101_000.0, 3.0]] * 98 + [[101_000.0, 9.0]] * 2}
    assert red(whole(observer=few)) == {}, "2 of 100 say nothing against 1 of 100"
    many = {"samples": [[101_000.0, 3.0]] * 98_000 + [[101_000.0, 9.0]] * 2_000}
    assert red(whole(observer=many)) == {"ws_latency": Verdict.INCONCLUSIVE}


def test_the_stated_error_and_both_figures_stand_beside_the_latency():
    (latency,) = [row for row in conclude(whole(), OBJECTIVES) if row.objective.id == "ws_latency"]
    assert latency.notes == [
        "null server p99 0.02 ms, reader delay p99 0.50 ms",
        "the fast generator says p99 3.10 ms (3.10 to 3.10 by its 50 samples), Locust 3.00 ms: 0.10 ms apart, "
        "stated error 0.51 ms",
    ]
