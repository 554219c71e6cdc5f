"""From one machine's figures to an audience: nodes, edges, Redis, machines, traffic, and what a month of it costs. No I/O."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ops.capacity.model import Cost
from ops.prices import Bill, Prices, Usage, cloud_bill, host_bill
from services.contract.keyspace import HEARTBEAT_SECONDS

ROOM = 0.6
"""Share of what was measured at the knee that is planned with; the rest is for bursts and for a node that fails."""
SPARE_NODES = 1
LEAST_NODES = 2
CELL_NODES = 50
"""That one Redis carries: its nodes' lease scripts take 4 % of its core then, and most of it at 100 (docs/capacity.md)."""
DAY_SECONDS = 86_400
FRAME_BYTES = 4
"""Head of a WebSocket frame of 126 to 65,535 bytes."""
BEATS_PER_SECOND = 1.0
"""Each node publishes one and hears those of all."""


@dataclass(frozen=True)
class Measured:
    """One machine's figures. Bytes, CPU seconds and cores; one shape of watching."""

    connections_per_node: int
    """At the knee: p99 in time, everybody reached."""
    symbols_each: int
    updates_per_symbol: float
    """Per second."""
    bytes_per_message: float
    ws: Cost
    ws_behind_edge: float
    """Measured / foretold processor of all nodes behind the edge, where real watchers are; at least 1."""
    ws_idle_bytes: float
    """Of one node without watchers."""
    ws_bytes_each: float
    edge_cores_each: float
    """Per watcher."""
    edge_idle_bytes: float
    edge_bytes_each: float
    api_cores: float
    api_bytes: float
    redis_cores: float
    redis_bytes: float
    symbols_in_all: int
    nodes: int
    """Running while Redis' commands were counted."""
    commands_sent: float
    """To Redis, per second."""
    commands_sent_per_node: float
    """Of them, by one ws node."""
    commands_inside: float
    """Run by scripts inside Redis, per second."""
    cores: int
    machine_bytes: int


@dataclass(frozen=True)
class Plan:
    """What an audience needs. Cores and bytes on average over the moment that was measured."""

    audience: int
    cells: int
    """Stacks side by side, each with its own Redis and API."""
    ws_nodes: int
    deliveries_per_second: float
    ws_cores: float
    ws_bytes: float
    edge_cores: float
    edge_bytes: float
    other_cores: float
    other_bytes: float
    hosts: int
    commands_sent_per_day: float
    commands_executed_per_day: float
    redis_beats_per_second: float
    """Deliveries of the nodes' own beats by each Redis: its nodes squared."""
    megabits_per_second: float


def lease_commands(nodes: int, symbols: int) -> float:
    """Commands per second that the nodes' lease scripts run inside Redis (services/ws/ledger.py): each script reads each symbol's
    count of every node, so they grow with the square of the nodes."""
    each_run = 8 + symbols * (nodes + 3)
    return nodes * each_run / HEARTBEAT_SECONDS


def plan(measured: Measured, audience: int) -> Plan:
    """What `audience` watchers need, each watching as the measured ones did."""
    per_node = max(1, math.floor(measured.connections_per_node * ROOM))
    nodes = max(LEAST_NODES, math.ceil(audience / per_node) + SPARE_NODES)
    cells = math.ceil(nodes / CELL_NODES)
    in_cell = math.ceil(nodes / cells)
    deliveries = audience * measured.symbols_each * measured.updates_per_symbol
    ws_cores = measured.ws_behind_edge * measured.ws.cores(nodes, deliveries)
    edge_cores = audience * measured.edge_cores_each
    ws_bytes = nodes * measured.ws_idle_bytes + audience * measured.ws_bytes_each
    edge_bytes = measured.edge_idle_bytes + audience * measured.edge_bytes_each
    other_cores = cells * (measured.api_cores + measured.redis_cores)
    other_bytes = cells * (measured.api_bytes + measured.redis_bytes)
    cores, memory = ws_cores + edge_cores + other_cores, ws_bytes + edge_bytes + other_bytes
    inside_else = max(0.0, measured.commands_inside - lease_commands(measured.nodes, measured.symbols_in_all))
    sent_else = measured.commands_sent - measured.nodes * measured.commands_sent_per_node
    sent = cells * sent_else + nodes * measured.commands_sent_per_node
    inside = cells * (inside_else + lease_commands(in_cell, measured.symbols_in_all))
    return Plan(
        audience=audience,
        cells=cells,
        ws_nodes=nodes,
        deliveries_per_second=deliveries,
        ws_cores=ws_cores,
        ws_bytes=ws_bytes,
        edge_cores=edge_cores,
        edge_bytes=edge_bytes,
        other_cores=other_cores,
        other_bytes=other_bytes,
        hosts=max(math.ceil(cores / (measured.cores * ROOM)), math.ceil(memory / (measured.machine_bytes * ROOM))),
        commands_sent_per_day=sent * DAY_SECONDS,
        commands_executed_per_day=(sent + inside) * DAY_SECONDS,
        redis_beats_per_second=BEATS_PER_SECOND * in_cell**2,
        megabits_per_second=deliveries * (measured.bytes_per_message + FRAME_BYTES) * 8 / 1e6,
    )


def bills(prices: Prices, measured: Measured, planned: Plan, host_usd: float | None = None) -> Sequence[Bill]:
    """A month in which every hour is like the measured ones, so more than a month with nights.

    The cloud has its own edge, and its Redis elsewhere: there, only API and ws nodes are paid by use.
    """
    days = prices.hours_per_month / 24
    usage = Usage(
        memory_gb=(planned.ws_bytes + planned.cells * measured.api_bytes) / 1e9,
        vcpus=planned.ws_cores + planned.cells * measured.api_cores,
        redis_commands=planned.commands_sent_per_day * days,
        redis_mb=measured.redis_bytes / 1e6,
        redis_databases=planned.cells,
        traffic_gb=planned.megabits_per_second / 8 * DAY_SECONDS * days / 1e3,
    )
    return [
        host_bill(prices, "docker", 1, host_usd),
        host_bill(prices, "swarm", max(2, planned.hosts), host_usd),
        cloud_bill(prices, usage),
    ]
