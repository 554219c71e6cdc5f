"""Figures a pencil can check: knees, costs, predictions, plans; and what is read from Redis and from cgroups."""

from dataclasses import replace
from typing import Any

import pytest

from ops.capacity.commands import executed, traffic
from ops.capacity.generator import Seen
from ops.capacity.meter import Snapshot, Used, used
from ops.capacity.model import Cost, Prediction, Step, check, fit, knee
from ops.capacity.plan import Measured, bills, lease_commands, plan
from ops.prices import load_prices

LIMIT_MS = 100.0
GB = 1e9


def step(connections: int, cores: float, p99_ms: float = 10.0, **changes) -> Step:
    """`connections` sockets with 5 symbols and one update a second each, for 6 s."""
    deliveries = connections * 5 * 6
    seen = Seen(connections, 6.0, deliveries, changes.pop("received", deliveries), 2.0, p99_ms, 0.1, 0.1, 400.0, 0)
    whole: dict[str, Any] = {
        "way": "node", "symbols": 5, "seen": seen, "nodes": 1, "ws_cores": cores, "edge_cores": 0.0, "api_cores": 0.05,
        "redis_cores": 0.02, "machine_cores": 0.5, "machine_share": 0.25, "ws_bytes": {"a": 0.0}, "edge_bytes": 0.0,
    }  # fmt: skip
    return Step(**(whole | changes))


def measured(**changes) -> Measured:
    whole: dict[str, Any] = {
        "connections_per_node": 2000, "symbols_each": 5, "updates_per_symbol": 1.0, "bytes_per_message": 396.0,
        "ws": Cost(idle=0.02, per_delivery=20e-6), "ws_behind_edge": 1.0,
        "ws_idle_bytes": 50e6, "ws_bytes_each": 20e3, "edge_cores_each": 50e-6,
        "edge_idle_bytes": 10e6, "edge_bytes_each": 10e3, "api_cores": 0.05, "api_bytes": 200e6, "redis_cores": 0.03,
        "redis_bytes": 15e6, "symbols_in_all": 50, "nodes": 2, "commands_sent": 10.0, "commands_sent_per_node": 2.0,
        "commands_inside": 250.0, "cores": 2, "machine_bytes": int(8 * GB),
    }  # fmt: skip
    return Measured(**(whole | changes))


def test_the_knee_is_the_last_step_before_the_first_that_broke():
    steps = [step(500, 0.1), step(1000, 0.2), step(2000, 0.4, p99_ms=130), step(4000, 0.8)]
    held = knee(steps, LIMIT_MS)
    assert held is steps[1], "a later step that held by luck does not move the knee"
    assert knee(steps[2:], LIMIT_MS) is None, "nothing held: there is no knee to plan with"


def test_a_step_breaks_for_the_reason_it_names():
    assert step(500, 0.1).fails_by(LIMIT_MS) is None
    assert step(500, 0.1, p99_ms=100).fails_by(LIMIT_MS) == "p99 100 ms", "the promise says below 100"
    assert step(500, 0.1, received=14_999).fails_by(LIMIT_MS) == "reach 99.99%", "one lost update of 15,000 is a lost update"
    broken = step(500, 0.1)
    assert "3 sockets lost" in str(replace(broken, seen=replace(broken.seen, lost=3)).fails_by(LIMIT_MS))
    assert replace(broken, seen=replace(broken.seen, expected=0)).fails_by(LIMIT_MS) == "nothing was published"


def test_what_limits_a_step_is_looked_for_where_it_can_be_seen():
    assert "generator" in replace(step(9, 0.1), seen=replace(step(9, 0.1).seen, cpu=0.7)).limited_by()
    assert "one core" in step(9, 0.95).limited_by()
    assert "machine" in step(9, 0.5, machine_share=0.97).limited_by()
    assert "time promised: the node's core was 50% busy" in step(9, 0.5).limited_by()


def test_a_steps_rates_are_of_the_nodes_processor_time():
    one = step(1000, 0.25)
    assert (one.deliveries_per_cpu_second, one.connections_per_core) == (20_000, 4_000)


def test_a_cost_is_the_line_through_the_steps():
    """0.02 idle and 20 us each: 5000/s take 0.12, 10,000/s take 0.22, 20,000/s take 0.42."""
    cost = fit([step(1000, 0.12), step(2000, 0.22), step(4000, 0.42)])
    assert [cost.idle, cost.per_delivery] == pytest.approx([0.02, 20e-6])
    assert cost.cores(nodes=2, deliveries_per_second=10_000) == pytest.approx(0.24), "two nodes are idle twice"


def test_a_cost_needs_two_loads_of_one_node():
    for steps in ([step(1000, 0.1)], [step(1000, 0.1), step(1000, 0.2)], [step(1000, 0.1), step(2000, 0.2, nodes=2)]):
        with pytest.raises(ValueError, match="two steps"):
            fit(steps)


def test_two_nodes_are_predicted_from_one_and_compared():
    run = step(2000, 0.30, nodes=2, way="edge")
    rows = check(Cost(0.02, 20e-6), 1.0, run, bytes_each=20_480, before_bytes=50 * 2**20, after_bytes=80 * 2**20, share=0.5)
    by_name = {row.what: row for row in rows}
    cores = by_name["processor of the ws nodes"]
    assert [cores.predicted, cores.measured] == pytest.approx([0.24, 0.30])
    assert cores.difference == pytest.approx(0.25)
    assert not cores.is_near, "25 % off is not within 20 %"
    assert by_name["deliveries"].predicted == by_name["deliveries"].measured == 10_000
    memory = by_name["memory of the newly used"]
    assert [memory.predicted, memory.measured] == pytest.approx([50 + 1000 * 20 / 1024, 80])
    assert [row.is_near for row in rows] == [True, False, True, True]


def test_a_prediction_of_nothing_is_not_near():
    assert not Prediction("x", "y", predicted=0, measured=1).is_near


def test_an_audience_is_planned_with_room_and_a_spare_node():
    """60 % of 2000 is 1200: 10,000 need 9 nodes and one to spare; 50,000 updates/s x 400 bytes x 8 = 160 Mbit/s."""
    needed = plan(measured(), 10_000)
    assert needed.ws_nodes == 10
    assert needed.deliveries_per_second == 50_000
    assert needed.megabits_per_second == pytest.approx(160)
    assert needed.ws_cores == pytest.approx(10 * 0.02 + 50_000 * 20e-6)
    assert needed.ws_bytes == pytest.approx(10 * 50e6 + 10_000 * 20e3)
    assert needed.edge_cores == pytest.approx(0.5)
    assert needed.hosts == 2, "1.2 + 0.5 + 0.08 = 1.78 cores at 1.2 a machine"
    dearer = plan(measured(ws_behind_edge=1.25), 10_000)
    assert dearer.ws_cores == pytest.approx(1.25 * needed.ws_cores), "real watchers are behind the edge"
    assert plan(measured(), 1).ws_nodes == 2, "one node alone is an outage at each release"


def test_memory_can_ask_for_more_machines_than_the_processor():
    """400,000 x 20 kB at 60 % of 1 GB are more machines than at 60 % of many cores."""
    assert plan(measured(machine_bytes=int(GB), cores=1000), 10_000).hosts == 2, "0.5 + 0.2 + 0.11 + 0.215 GB at 0.6"


def test_the_nodes_leases_grow_with_their_square():
    """Two nodes and 50 symbols: 2 x (8 + 50 x 5) / 3 s = 172 a second; ten: 10 x (8 + 50 x 13) / 3 = 2193."""
    assert lease_commands(2, 50) == pytest.approx(172)
    assert lease_commands(10, 50) == pytest.approx(2193.3, abs=0.1)


def test_redis_commands_of_an_audience_are_what_was_counted_and_what_more_nodes_add():
    """10 + 8 x 2 = 26 sent a second; inside 250 - 172 = 78 that are no leases, and 2193.3 of leases."""
    needed = plan(measured(), 10_000)
    assert needed.commands_sent_per_day == pytest.approx(26 * 86_400)
    assert needed.commands_executed_per_day == pytest.approx((26 + 78 + 2193.333) * 86_400, rel=1e-5)
    assert needed.redis_beats_per_second == 100, "ten nodes, each hears ten beats a second"


def test_more_nodes_than_one_redis_carries_are_cut_into_cells():
    """60,000 at 1200 a node are 50 and a spare: two cells of 26, each with its own API and Redis."""
    needed = plan(measured(), 60_000)
    assert (needed.ws_nodes, needed.cells, needed.redis_beats_per_second) == (51, 2, 26**2)
    assert needed.other_cores == pytest.approx(2 * 0.08)
    sent = 2 * 6 + 51 * 2
    assert needed.commands_sent_per_day == pytest.approx(sent * 86_400)
    leases = 26 * (8 + 50 * 29) / 3
    assert needed.commands_executed_per_day == pytest.approx((sent + 2 * (78 + leases)) * 86_400)


def test_a_month_is_computed_from_what_was_measured():
    """Cloud: 43,800 min x (0.9 GB x 0.000231 + 1.25 vCPU x 0.000463) = 9.11 + 25.35; Redis fixed 10; a seat 20."""
    of_machine = measured()
    docker, swarm, cloud = bills(load_prices(), of_machine, plan(of_machine, 10_000), host_usd=7)
    assert (docker.known_usd, swarm.known_usd) == (7, 14)
    assert [round(line.usd, 2) for line in cloud.lines if line.usd is not None] == [34.46, 10, 20]
    assert "Railway traffic" in cloud.unknown, "160 Mbit/s all month is the largest item, and its price is not known"


def test_commands_are_read_from_redis_own_counters():
    text = "# Commandstats\r\ncmdstat_evalsha:calls=12,usec=9\r\ncmdstat_config|get:calls=3,usec=1,rejected_calls=0\r\n"
    assert executed(text) == {"evalsha": 12, "config|get": 3}


def test_commands_are_told_apart_by_who_sent_them():
    lines = ["100.0 [0 172.18.0.4:5000]", "100.5 [0 lua]", "101.0 [0 172.18.0.4:5001]", "102.0 [0 172.18.0.5:9]", "102.0 [0 lu"]
    found = traffic("\n".join(lines))
    assert found.sent == {"172.18.0.4": 1.0, "172.18.0.5": 0.5}, "connections of one container belong together"
    assert (found.inside_scripts, found.all_sent) == (0.5, 1.5)
    with pytest.raises(ValueError, match="showed 1"):
        traffic("100.0 [0 lua]")


@pytest.mark.parametrize("idle", ["total_inactive_file", "inactive_file"])
def test_memory_that_can_go_at_any_time_is_not_counted(idle):
    read = "1970-01-01T00:00:07.250000001Z"
    processor = {"cpu_usage": {"total_usage": 2_500_000_000}}
    found = used({"read": read, "cpu_stats": processor, "memory_stats": {"usage": 100, "stats": {idle: 30}}})
    assert found.at == 7.25, "the engine's own time of reading: its answer may come a second later"
    assert (found.cpu_seconds, found.memory_bytes) == (2.5, 70), "under both versions of cgroups"
    with pytest.raises(KeyError):
        used({"read": read, "cpu_stats": {"cpu_usage": {"total_usage": 1}}, "memory_stats": {}})


def test_cores_are_the_difference_of_two_readings():
    first = Snapshot({"ws": {"a": Used(1.0, 10, 100.0), "b": Used(5.0, 20, 100.0)}}, 50.0, 100.0)
    second = Snapshot({"ws": {"a": Used(2.0, 12, 104.0), "b": Used(5.4, 25, 104.0)}}, 54.0, 104.0)
    assert second.cores(first, "ws") == pytest.approx(0.35)
    assert second.cores(first, "ws", "b") == pytest.approx(0.1)
    assert second.machine_cores(first) == 1.0
    assert (second.memory_bytes("ws"), second.memory_bytes("ws", "a")) == (37, 12)
