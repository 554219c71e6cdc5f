"""From what was taken to what is printed and written, without a machine: nothing is hidden, nothing is made up."""

import json
from typing import Any

import pytest

from ops.capacity import report
from ops.capacity.command import measured_of, predict
from ops.capacity.commands import Traffic
from ops.capacity.meter import Snapshot, Used
from ops.capacity.model import knee
from ops.capacity.plan import bills, plan
from ops.capacity.run import Taken, updates_per_symbol
from ops.prices import load_prices
from ops.tests.test_capacity_model import LIMIT_MS, step

MIB = 2**20


def snapshot(**ws_mib: float) -> Snapshot:
    """Nodes with so much memory; API 100 MiB, Redis 10, edge 8."""
    others = {"api": {"api": Used(1.0, 100 * MIB, 10.0)}, "redis": {"r": Used(1.0, 10 * MIB, 10.0)}}
    nodes = {name: Used(1.0, mib * MIB, 10.0) for name, mib in ws_mib.items()}
    return Snapshot(others | {"edge": {"e": Used(1.0, 8 * MIB, 10.0)}, "ws": nodes}, 5.0, 10.0)


def taken(**changes: Any) -> Taken:
    """One node: 250 to 1000 held, 2000 too late. Two nodes with 500: 0.02 idle each and 20 us a delivery."""
    crowds = [(250, 0.045), (500, 0.07), (1000, 0.12)]
    connections = [step(count, cores, ws_bytes={"a": (50 + count / 50) * MIB}) for count, cores in crowds]
    connections.append(step(2000, 0.22, p99_ms=140, ws_bytes={"a": 90.0 * MIB}))
    together = step(500, 0.1, nodes=2, way="edge", edge_cores=0.06, edge_bytes=13.0 * MIB, ws_bytes={"a": 0.0, "b": 55.0 * MIB})
    whole: dict[str, Any] = {
        "idle": snapshot(a=50, b=50), "idle_cores": {"edge": 0.01, "ws": 0.04}, "machine_idle_cores": 0.2,
        "connections": connections, "rates": [step(1000, 0.2, symbols=10)], "together": together,
        "before_together": snapshot(a=90, b=50), "updates_per_symbol": 1.0, "symbols": 50, "nodes": 2,
        "traffic": Traffic({"a": 2.0, "b": 3.0, "api": 7.0}, 180.0, 190.0), "ws_names": ["a", "b"],
    }  # fmt: skip
    return Taken(**(whole | changes))


def test_the_machines_figures_come_from_the_steps_up_to_the_knee():
    whole = taken()
    held = knee(whole.connections, LIMIT_MS)
    assert held is not None
    found = measured_of(whole, held, cores=2)
    assert found.connections_per_node == 1000
    assert [found.ws.idle, found.ws.per_delivery * 1e6] == pytest.approx([0.02, 20])
    assert found.ws_behind_edge == pytest.approx(0.1 / 0.09), "500 sockets behind the edge took 0.1 cores instead of 0.09"
    assert found.ws_bytes_each == pytest.approx(20 * MIB / 1000), "70 MiB with 1000 sockets, 50 without"
    assert [found.edge_cores_each, found.edge_bytes_each] == pytest.approx([0.05 / 500, 5 * MIB / 500]), "less what it is idle"
    assert (found.commands_sent, found.commands_sent_per_node) == (12, 2.5)


def test_two_nodes_are_predicted_from_the_one():
    whole = taken()
    rows = {row.what: row for row in predict(whole, measured_of(whole, whole.connections[2], cores=2))}
    assert rows["processor of the ws nodes"].predicted == pytest.approx(0.09), "2 x 0.02 + 2500 x 20 us"
    assert rows["processor of the ws nodes"].difference == pytest.approx(0.111, abs=0.001)
    memory = rows["memory of the newly used"]
    assert [memory.predicted, memory.measured] == pytest.approx([50 + 250 * 20 / 1000, 55]), "half the crowd is on the fresh node"
    assert predict(taken(together=None), measured_of(whole, whole.connections[2], cores=2)) == []


def printed(audience: int) -> str:
    whole = taken()
    found = measured_of(whole, whole.connections[2], cores=2)
    planned = plan(found, audience)
    lines = report.finding_lines(whole, whole.connections[2], whole.connections[3], found, LIMIT_MS)
    assert whole.together is not None
    lines += report.prediction_lines(predict(whole, found), whole.together, 2)
    return "\n".join(lines + report.plan_lines(planned, found, bills(load_prices(), found, planned)))


def test_everything_that_was_asked_for_is_printed():
    text = printed(1000)
    for words in (
        "knee of one node          1,000 sockets", "the next step: p99 140 ms", "sockets per core", "8,333",
        "ws node 20.5, edge 10.2", "at best 41,667 (1,000", "Redis commands per day", "1,036,800 sent; 16,588,800 executed",
        "ws nodes                3 (1,000 / 600 each, 60% of the knee, and one to spare)", "predicted", "+11.1%",
    ):  # fmt: skip
        assert words in text, text


def test_what_is_unknown_is_named_beside_the_sum():
    text = printed(1000)
    assert "and what is unknown: Railway traffic, Supabase" in text
    assert "docker  what is unknown: hosts" in text


def test_an_audience_that_one_machine_does_not_carry_is_not_sold_to_it():
    assert "does not fit on one machine like this" in printed(1_000_000)


def test_a_prediction_that_is_too_far_off_says_so():
    whole = taken()
    late = taken(together=step(500, 0.3, nodes=2, ws_bytes={"a": 0.0, "b": 55.0 * MIB}))
    rows = predict(late, measured_of(whole, whole.connections[2], cores=2))
    assert late.together is not None
    assert "\n".join(report.prediction_lines(rows, late.together, 2)).count("further than 20 %") == 2, (
        "cores, and so per CPU second"
    )


def test_a_step_shows_why_it_broke():
    lines = [report.step_line(one, LIMIT_MS) for one in taken().connections]
    assert lines[0].endswith("✓")
    assert lines[-1].endswith("✗ p99 140 ms")
    assert len({line.index("%") for line in lines}) == 1, "columns stand under each other"


def test_everything_is_written_as_json():
    whole = taken()
    found = measured_of(whole, whole.connections[2], cores=2)
    planned = plan(found, 1000)
    data = report.as_data(whole, found, predict(whole, found), planned, bills(load_prices(), found, planned), {"cores": 2})
    again = json.loads(json.dumps(data))
    assert len(again["steps"]) == 6
    assert again["plan"]["ws_nodes"] == 3
    assert again["predictions"][1]["difference"] == pytest.approx(0.111, abs=0.001)
    assert again["bills"][2]["unknown"] == ["Railway traffic", "Supabase"]


def test_the_sources_rate_is_what_the_steps_expected():
    assert updates_per_symbol([step(250, 0.1), step(500, 0.1)]) == 1.0
