"""The report: a row per promise, red where nothing was measured, silent where the meter cannot be trusted."""

import json

import pytest

from loadtests.gate import Exit
from loadtests.proof import baseline
from loadtests.proof.__main__ import main
from loadtests.proof.evidence import Evidence, Row, conclude
from loadtests.proof.page import render
from loadtests.proof.report import Report, as_data, as_junit
from loadtests.reading import Second
from ops.access import Access
from services.contract.objectives import Verdict, load_objectives
from services.contract.tests.junit import accept

OBJECTIVES = load_objectives()


def promise(name, measured, verdict="met", **changes):
    found = {"id": name, "verdict": verdict, "measured": measured, "samples": 10, "p50": 1.0, "p95": 2.0, "p99": measured}
    return found | {"reasons": [], "notes": [], "lighterLoad": False} | changes


KNEE = {"rate": 4000.0, "reachedByMeter": False, "steps": [{"rate": 4000.0, "sent": 9, "p50": 0.3, "p99": 8.0}]}


def stage(name, user):
    seconds = [vars(Second(100.0 + i, 10, 1.0, 3.0, 5, 9.0, 1000, 20.0, 50.0)) for i in range(5)]
    rows = {"publish to receive": {"counts": {"3.0": 99, "40.0": 1}}, "reader delay": {"counts": {"0.1": 98, "0.5": 2}}}
    reading = {"cpu": [20.0], "rows": rows, "seconds": seconds, "knee": KNEE if user == "publisher" else None}
    return {"name": name, "user": user, "openedAt": 100.0, "seconds": 5.0, "reading": reading}


def loads():
    sockets = [promise("ws_closes", 0), promise("ws_reach", 100.0), promise("ws_latency", 3.0)]
    calls = [promise(name, 20.0) for name in ("api_p95", "api_warm_p95", "api_warm_p99")] + [promise("api_errors", 0)]
    return {
        "api100": {"promises": calls, "stages": [stage("api100", "caller")]},
        "api100cold": {"promises": [promise("api_cold_p95", 50.0), promise("api_cold_p99", 60.0)], "stages": []},
        "ws1000": {"promises": sockets, "stages": [stage("ws1000", "viewer")]},
        "cache": {"promises": [promise("cache_hits", 98.0), promise("cache_stampede", 1)], "stages": []},
        "pubsub": {"promises": [promise("pubsub_knee", 4000.0)], "stages": [stage("pubsub", "publisher")]},
    }


def smoke(**failed):
    checks = ("web_page", "api_health", "ws_connect", "pubsub", "e2e_flow")
    return {
        "checks": [
            {
                "objective": name,
                "outcome": "failed" if name in failed else "passed",
                "ms": 9.0,
                "expected": "a",
                "got": failed.get(name),
            }
            for name in checks
        ]
    }


def whole(**changes):
    """Evidence in which every promise is kept."""
    evidence = Evidence(
        smoke=smoke(), loads=loads(), null={"promises": [promise("ws_latency", 0.02)]},
        observer={"samples": [[101_000.0, 3.1]] * 50}, page_ms=[700.0] * 10,
        redis_counts={1.0: 990.0, 50.0: 1000.0, float("inf"): 1000.0},
    )  # fmt: skip
    for name, value in changes.items():
        setattr(evidence, name, value)
    return evidence


def red(evidence):
    return {row.objective.id: row.verdict for row in conclude(evidence, OBJECTIVES) if row.verdict is not Verdict.MET}


def report(evidence, runs=()):
    rows = conclude(evidence, OBJECTIVES)
    return Report(rows, evidence, Access("http://h:1"), {"api": "sha256:1"}, baseline.compare(rows, runs), len(runs))


def test_a_whole_run_keeps_every_promise():
    assert red(whole()) == {}
    assert report(whole()).exit_code is Exit.MET


def test_a_run_that_measured_nothing_is_all_red():
    rows = conclude(Evidence(failures={"page": "no browser here"}), OBJECTIVES)
    assert {row.verdict for row in rows} == {Verdict.NOT_MEASURED}
    assert len(rows) == len(OBJECTIVES.objective), "a promise without a measurement is red, not absent"
    (page,) = [row for row in rows if row.objective.id == "page_load"]
    assert page.reasons == ["page: no browser here"]
    assert report(Evidence()).exit_code is Exit.MISSED


@pytest.mark.parametrize(
    ("changes", "promise_id"),
    [
        ({"smoke": smoke(e2e_flow="nothing")}, "e2e_flow"),
        ({"page_ms": [700.0] * 9 + [3100.0]}, "page_load"),
        ({"redis_counts": {50.0: 980.0, 100.0: 1000.0}}, "redis_latency"),
        ({"redis_counts": {50.0: 980.0, float("inf"): 1000.0}}, "redis_latency"),
    ],
)
def test_a_broken_promise_is_red_by_name(changes, promise_id):
    assert red(whole(**changes)) == {promise_id: Verdict.MISSED}
    assert report(whole(**changes)).exit_code is Exit.MISSED
    json.dumps(as_data(report(whole(**changes))), allow_nan=False)


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


def test_neighbours_excuse_a_slow_figure_but_not_a_lost_update():
    slow = whole(page_ms=[4000.0] * 10, busy={"page": 80.0})
    assert red(slow) == {"page_load": Verdict.INCONCLUSIVE}
    lost = loads()
    lost["ws1000"]["promises"][1] = promise("ws_reach", 99.0, "missed")
    assert red(whole(loads=lost, busy={"ws": 80.0})) == {"ws_reach": Verdict.MISSED}


def test_a_bound_of_the_histogram_at_the_limit_keeps_the_promise():
    rows = conclude(whole(redis_counts={25.0: 900.0, 50.0: 1000.0}), OBJECTIVES)
    (row,) = [row for row in rows if row.objective.id == "redis_latency"]
    assert (row.measured, row.verdict) == (50.0, Verdict.MET), "99 % are at most 50 ms; the exact value is below"


def row(value, name="ws_latency"):
    return Row(OBJECTIVES[name], Verdict.MET, value, 1)


@pytest.mark.parametrize(
    ("saved", "now", "worse"),
    [
        ([10, 11, 12], 14.0, False),
        ([10, 11, 12], 15.5, True),
        ([10, 11, 30], 29.0, False),
        ([1.0, 1.1, 1.2], 2.9, False),
        ([10, 11], 99.0, None),
    ],
)
def test_worse_is_only_what_is_beyond_noise_and_beyond_every_saved_run(saved, now, worse):
    found = baseline.compare([row(now)], [{"ws_latency": value} for value in saved])
    assert [comparison.is_regression for comparison in found] == ([] if worse is None else [worse])


def test_a_higher_is_better_figure_gets_worse_downwards():
    runs = [{"pubsub_knee": value} for value in (4000, 4000, 4000)]
    assert baseline.compare([row(2000.0, "pubsub_knee")], runs)[0].is_regression
    assert not baseline.compare([row(9000.0, "pubsub_knee")], runs)[0].is_regression


def test_a_regression_turns_the_report_red():
    runs = [{"page_load": 100.0}] * 3
    found = report(whole(), runs)
    assert found.exit_code is Exit.MISSED
    assert "got worse" in render(found)


def test_the_baseline_file_keeps_runs_and_refuses_what_is_none(tmp_path):
    file = tmp_path / "baseline.json"
    assert baseline.load(file) == []
    baseline.add(file, [], [row(3.0)])
    assert baseline.load(file) == [{"ws_latency": 3.0}]
    file.write_text('{"a": 1}')
    with pytest.raises(baseline.BaselineError, match="no baseline"):
        baseline.load(file)


def test_the_page_needs_no_other_host_and_escapes_what_it_shows():
    html = render(report(whole(smoke=smoke(web_page="<script>alert(1)</script>"))))
    assert "<script" not in html
    assert "http" not in html.replace("http://h:1", ""), "one self-contained file: nothing to load, nobody to call"
    assert html.count("<svg") >= 6, "latency, distribution, sockets, CPU, requests, knee"
    for objective in OBJECTIVES.objective:
        assert objective.id in html


def test_json_and_junit_say_the_same(tmp_path):
    found = report(whole(null=None, page_ms=[4000.0]))
    data = json.loads(json.dumps(as_data(found), allow_nan=False))
    verdicts = {entry["id"]: entry["verdict"] for entry in data["promises"]}
    suite = accept(as_junit(found.rows)).find("testsuite")
    assert suite is not None
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    errors = {case.get("name") for case in suite if case.find("error") is not None}
    assert failed == {name for name, verdict in verdicts.items() if verdict in ("missed", "not measured")} == {"page_load"}
    assert errors == {name for name, verdict in verdicts.items() if verdict == "inconclusive"} == {"ws_latency"}
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--steps", "nothing"], "smoke"), ([], "--base-url"), (["--base-url", "x"], "expected http://")],
)
def test_wrong_use_is_one_sentence_and_exit_two(capsys, monkeypatch, words, told):
    for name in ("URL", "STACK"):
        monkeypatch.delenv(f"STOCK_TRACKER_{name}", raising=False)
    assert main(words) == Exit.CONFIG
    assert told in capsys.readouterr().err


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


def test_a_wrong_file_of_promises_is_one_sentence_and_exit_two(monkeypatch, capsys, tmp_path):
    (tmp_path / "objectives.toml").write_text("[[objective]\n")
    monkeypatch.setattr(load_objectives, "__defaults__", (tmp_path / "objectives.toml",))
    assert main(["--base-url", "http://127.0.0.1:1"]) == Exit.CONFIG
    told = capsys.readouterr().err
    assert "is not TOML" in told
    assert told.count("\n") == 1, "one clear error"
