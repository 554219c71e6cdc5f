"""The gate: red for the right promise, and silent rather than wrong when the meter cannot be trusted."""

import pytest

from loadtests.gate import Exit, exit_code, judge
from loadtests.measures import StageResult
from loadtests.profiles import stages
from loadtests.reading import COLD, LATENCY, READER_DELAY, Reading, Row, Second, total
from services.contract.objectives import Verdict, load_objectives

OBJECTIVES = load_objectives()


def sockets(**changes):
    """A good minute of 1000 sockets."""
    sent = 1000 * 5 * 180
    reading = Reading(
        rows={LATENCY: Row({3.0: sent}), READER_DELAY: Row({0.4: 1000})},
        held=1000, expected=sent, received=sent, symbols=40, updates=40 * 180, cpu=[20.0],
    )  # fmt: skip
    for name, value in changes.items():
        setattr(reading, name, value)
    return StageResult(stages("ws1000", OBJECTIVES.load)[0], reading, 180.0)


def calls(latency=None, failures=None, cpu=20.0):
    reading = Reading(rows={"GET /x": Row(latency or {20.0: 10_000}, failures or {})}, cpu=[cpu])
    return StageResult(stages("api100", OBJECTIVES.load)[0], reading, 60.0)


def cold(latency, failures=None):
    reading = Reading(rows={COLD: Row(latency, failures or {}), "GET /x": Row({9000.0: 50})}, cpu=[20.0])
    return StageResult(stages("api100cold", OBJECTIVES.load)[0], reading, 60.0)


def counted(profile, number, why_not="", **values):
    return StageResult(
        stages(profile, OBJECTIVES.load)[number], Reading(cpu=[20.0]), 30.0, counted=values, why_not_counted=why_not
    )


def searched(rate, *, by_meter=False):
    steps = [{"rate": 4000.0, "sent": 9, "received": 9, "p50": 0.3, "p99": 8.0}]
    reading = Reading(cpu=[5.0], knee={"rate": rate, "reachedByMeter": by_meter, "steps": steps})
    return StageResult(stages("pubsub", OBJECTIVES.load)[0], reading, 60.0)


def verdicts(*results):
    judged = judge(results, OBJECTIVES)
    return {judgement.objective.id: judgement.verdict for judgement in judged}, exit_code(judged)


def test_a_good_run_meets_every_promise():
    found, code = verdicts(calls(), sockets())
    assert set(found) == {"api_errors", "api_p95", "api_warm_p95", "api_warm_p99", "ws_closes", "ws_reach", "ws_latency"}
    assert set(found.values()) == {Verdict.MET}
    assert code is Exit.MET


@pytest.mark.parametrize(
    ("result", "promise"),
    [
        (calls(failures={"HTTPError: 500": 1}), "api_errors"),
        (calls(latency={20.0: 985, 2500.0: 15}), "api_warm_p99"),
        (cold(latency={900.0: 94, 2500.0: 6}), "api_cold_p95 api_cold_p99"),
        (cold(latency={20.0: 95}, failures={"503": 5}), "api_cold_p99"),
        (sockets(lost={"closed by the server with 1006": 1}), "ws_closes"),
        (sockets(received=899_999), "ws_reach"),
        (sockets(rows={LATENCY: Row({3.0: 98, 150.0: 2}), READER_DELAY: Row({0.4: 9})}), "ws_latency"),
        (counted("cache", 0, cache_hits=(94.9, 900)), "cache_hits"),
        (counted("cache", 1, cache_stampede=(2, 900)), "cache_stampede"),
        (searched(500.0), "pubsub_knee"),
    ],
)
def test_one_broken_promise_is_red_and_named(result, promise):
    found, code = verdicts(result)
    assert [name for name, verdict in found.items() if verdict is Verdict.MISSED] == promise.split()
    assert code is Exit.MISSED


def test_a_missed_promise_says_why():
    judged = judge([sockets(received=899_000, short_sockets=7)], OBJECTIVES)
    (reach,) = [judgement for judgement in judged if judgement.objective.id == "ws_reach"]
    assert reach.reasons == ["1000 of 900000 updates missed by 7 sockets (lost or conflated)"]


@pytest.mark.parametrize(
    ("result", "promise"),
    [
        (calls(cpu=61.0), "api_p95"),
        (sockets(cpu=[61.0]), "ws_latency"),
        (sockets(cpu=[20.0, 75.0]), "ws_reach"),
        (sockets(cpu=[]), "ws_latency"),
        (sockets(rows={LATENCY: Row({3.0: 100}), READER_DELAY: Row({11.0: 9})}), "ws_latency"),
        (sockets(clock_faults=1), "ws_latency"),
        (sockets(updates=40 * 100), "ws_latency"),
    ],
)
def test_a_meter_that_cannot_be_trusted_says_nothing(result, promise):
    found, code = verdicts(result)
    assert found[promise] is Verdict.INCONCLUSIVE
    assert code is Exit.INCONCLUSIVE, "neither a pass nor a fail"


def test_a_starved_generator_does_not_blame_the_platform():
    found, code = verdicts(sockets(cpu=[95.0], received=1, lost={"connection ended": 4}))
    assert set(found.values()) == {Verdict.INCONCLUSIVE}
    assert code is Exit.INCONCLUSIVE


def test_what_the_platforms_own_counters_could_not_tell_is_red_or_in_doubt():
    (hits,) = judge([counted("cache", 0, why_not="no Docker engine")], OBJECTIVES)
    assert (hits.verdict, hits.reasons) == (Verdict.NOT_MEASURED, ["no Docker engine"])
    warm = StageResult(stages("api100cold", OBJECTIVES.load)[0], cold({20.0: 95}).reading, 60.0, why_not_counted="no engine")
    assert set(verdicts(warm)[0].values()) == {Verdict.INCONCLUSIVE}, "a cache that may be warm proves nothing of a cold one"


def test_a_search_that_ended_at_the_meter_is_a_lower_bound_or_nothing():
    (knee,) = judge([searched(64_000.0, by_meter=True)], OBJECTIVES)
    assert (knee.verdict, knee.notes) == (Verdict.MET, ["a lower bound: the generator could not go further"])
    assert verdicts(searched(None, by_meter=True))[0] == {"pubsub_knee": Verdict.INCONCLUSIVE}


def test_what_was_not_measured_is_red():
    found, code = verdicts(sockets(rows={}, expected=0, received=0, symbols=0, updates=0))
    assert found["ws_reach"] is found["ws_latency"] is Verdict.NOT_MEASURED
    assert code is Exit.MISSED
    assert exit_code([]) is Exit.MISSED, "a run that judged nothing proves nothing"


@pytest.mark.parametrize("profile", ["ws5000", "fanout", "spike", "soak"])
def test_a_load_beyond_the_promises_is_held_to_them_all_the_same(profile):
    stage = stages(profile, OBJECTIVES.load)[0]
    found = {
        judgement.objective.id: judgement
        for judgement in judge([StageResult(stage, sockets(received=1).reading, 60.0)], OBJECTIVES)
    }
    assert set(found) == {"ws_closes", "ws_reach", "ws_latency"}
    assert found["ws_reach"].verdict is Verdict.MISSED, "a profile that judges nothing would always look the same"


def test_broken_outweighs_inconclusive():
    assert verdicts(calls(cpu=99.0), sockets(received=0))[1] is Exit.MISSED


def test_processes_add_up():
    one, two = sockets().reading, sockets(lost={"x": 1}, cpu=[30.0]).reading
    whole = total([Reading.from_data(one.as_data()), Reading.from_data(two.as_data())])
    assert (whole.expected, whole.received, whole.held) == (1_800_000, 1_800_000, 2000)
    assert (whole.updates, whole.symbols) == (40 * 180, 40), "both processes see the same updates"
    assert whole.rows[LATENCY].counts == {3.0: 1_800_000}
    assert (whole.lost, whole.cpu) == ({"x": 1}, [20.0, 30.0])


def test_the_seconds_of_several_processes_are_one_line_in_a_plot():
    one, two = Reading(seconds=[Second(7.1, 10, 1.0, 3.0, 0, None, 500, 20.0, 50.0)]), Reading()
    two.seconds = [Second(7.9, 11, 2.0, 2.5, 0, None, 500, 30.0, 52.0), Second(8.9, 1, None, None, 0, None, 500, 3.0, 5.0)]
    first, second = total([one, two]).seconds
    assert (first.received, first.held, first.p50, first.p99, first.cpu) == (21, 1000, 2.0, 3.0, 30.0)
    assert second.held == 500
