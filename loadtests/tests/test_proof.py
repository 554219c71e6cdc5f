"""The report: a row per promise, red where nothing was measured, silent where the meter cannot be trusted."""

import json

import pytest

from loadtests.gate import Exit
from loadtests.proof.__main__ import main
from loadtests.proof.evidence import Evidence, conclude
from loadtests.proof.page import render
from loadtests.proof.report import as_data, as_junit
from loadtests.tests.whole_run import OBJECTIVES, loads, promise, red, report, smoke, whole
from services.contract.objectives import Verdict, load_objectives
from services.contract.tests.junit import accept


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


def test_a_wrong_file_of_promises_is_one_sentence_and_exit_two(monkeypatch, capsys, tmp_path):
    (tmp_path / "objectives.toml").write_text("[[objective]\n")
    monkeypatch.setattr(load_objectives, "__defaults__", (tmp_path / "objectives.toml",))
    assert main(["--base-url", "http://127.0.0.1:1"]) == Exit.CONFIG
    told = capsys.readouterr().err
    assert "is not TOML" in told
    assert told.count("\n") == 1, "one clear error"
