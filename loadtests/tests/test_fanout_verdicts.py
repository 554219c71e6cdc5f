"""What the bench says of its rows: a goal is met or missed by measured figures only, and never across two runs."""

import json

import pytest

from loadtests.bench import fanout
from loadtests.bench.loads import LOADS
from loadtests.bench.measurement import median_of
from loadtests.bench.verdicts import judge


def row(load, server, **figures):
    base = {
        "load": load, "server": server, "run": 1, "reach": 1.0, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 4.0,
        "cpu_s_per_million": 6.0, "edge_cpu_s_per_million": 0.0, "node_cpu": 0.3, "kib_per_connection": 18.0,
        "generator_cpu": 0.2, "read_delay_p99_ms": 0.1,
    }  # fmt: skip
    return base | figures


def said(*rows):
    return "\n".join(judge(list(rows)))


def test_a_goal_is_met_or_missed_by_the_figure():
    ours, other = row("seed-5-of-50", "ours"), row("seed-5-of-50", "broadcast", cpu_s_per_million=10.0)
    assert "CPU per delivery 0.60 x broadcast" in said(ours, other)
    assert "MISSED" not in said(ours, other)
    slow = row("seed-5-of-50", "ours", p99_ms=5.1, reach=0.99999, kib_per_connection=20.1)
    assert said(slow).count("MISSED") == 3, "each promise for itself"


def test_rows_of_two_runs_are_not_compared():
    text = said(row("100k", "ours", run=2), row("100k", "broadcast", run=1, cpu_s_per_million=60.0))
    assert "x broadcast" not in text, "between two runs the machine changes more than the servers differ"
    assert "measured in another run" in text


@pytest.mark.parametrize("figures", [{"generator_cpu": 0.9}, {"read_delay_p99_ms": 2.0}], ids=["busy", "late"])
def test_a_generator_that_may_be_what_is_measured_makes_it_inconclusive(figures):
    assert "INCONCLUSIVE" in said(row("100k", "ours", **figures))
    assert "INCONCLUSIVE" not in said(row("100k", "ours"))


def test_the_edges_share_and_the_scaling_are_stated():
    text = said(
        row("edge-1000", "ours"), row("edge-1000", "edge", p99_ms=7.0, edge_cpu_s_per_million=2.0),
        row("replicas", "ours", node_cpu=0.27), row("replicas", "two-nodes", node_cpu=0.3),
    )  # fmt: skip
    assert "1.75 x bare" in text
    assert "2.0 of 8.0 CPU s per million (25%)" in text
    assert "scales 1.80 x" in text


def test_the_median_counts_and_the_worst_reach():
    merged = median_of([row("100k", "ours", p99_ms=value, reach=reach) for value, reach in ((1, 1.0), (9, 0.9), (3, 1.0))])
    assert (merged["p99_ms"], merged["reach"], merged["rounds"]) == (3, 0.9, 3)


def test_a_part_measured_again_replaces_its_rows_only(tmp_path, monkeypatch):
    report = tmp_path / "fanout.json"
    report.write_text(json.dumps({"rows": [row("100k", "ours"), row("100k", "naive"), row("replicas", "ours")]}))
    monkeypatch.setattr(fanout, "REPORT", report)
    rows = fanout.merged([row("100k", "ours", run=2)])
    assert [(r["load"], r["server"], r["run"]) for r in rows] == [
        ("100k", "ours", 2),
        ("100k", "naive", 1),
        ("replicas", "ours", 1),
    ]


def test_every_load_measures_ours_so_that_there_is_something_to_compare():
    assert all("ours" in load.servers for load in LOADS.values())
