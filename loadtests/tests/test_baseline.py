"""Worse than before: only what is beyond noise, and only against enough saved runs."""

import pytest

from loadtests.gate import Exit
from loadtests.proof import baseline
from loadtests.proof.evidence import Row
from loadtests.proof.page import render
from loadtests.tests.whole_run import OBJECTIVES, report, whole
from services.contract.objectives import Verdict


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
