"""Takes the steps: crowds on one node up to its knee, then more symbols each, then one crowd through the edge to all nodes.

The stack stays as it is: nothing is published, stopped or reconfigured. What the figures mean is for model.py and plan.py.
"""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from ops.capacity import generator
from ops.capacity.commands import Traffic
from ops.capacity.generator import Crowd, Seen
from ops.capacity.ladder import SYMBOLS_EACH, climb, more_sockets, more_symbols
from ops.capacity.meter import Meter, Snapshot
from ops.capacity.model import Step, knee
from services.contract.endpoints import EDGE_PORT, QUOTES, SYMBOLS, WS_PORT
from tools.machine.problem import Problem

IDLE_SECONDS = 5.0
MONITOR_SECONDS = 6
"""Two rounds of the nodes' leases."""
TOGETHER_SECONDS = 10.0
"""The last crowd's window: Redis is watched within it."""
STEP_SPARE_SECONDS = 15.0
CONNECT_SECONDS = 2.0


@dataclass(frozen=True)
class Bounds:
    """How far the run goes at most."""

    max_connections: int
    window_seconds: float
    minutes: float


@dataclass(frozen=True)
class Taken:
    """Everything that was measured."""

    idle: Snapshot
    idle_cores: dict[str, float]
    """By service, without a crowd."""
    machine_idle_cores: float
    connections: Sequence[Step]
    """One node, each with SYMBOLS_EACH."""
    rates: Sequence[Step]
    """One node, more symbols each."""
    together: Step | None
    """Through the edge to all nodes; None when only one node runs, or none of the steps held."""
    before_together: Snapshot
    updates_per_symbol: float
    symbols: int
    nodes: int
    traffic: Traffic
    ws_names: Sequence[str]


class Run:
    """One measurement of one stack."""

    def __init__(self, meter: Meter, url: str, cores: int, bounds: Bounds, limit_ms: float, tell: Callable[[Step], None]) -> None:
        self.meter, self.url, self.cores, self.bounds, self.limit_ms, self.tell = meter, url, cores, bounds, limit_ms, tell
        self.program: Path = generator.build()
        self.symbols = listed_symbols(url)
        generator.require_handles(bounds.max_connections)
        self.nodes = meter.names("ws")
        self.ends_at = time.monotonic() + bounds.minutes * 60

    def take(self) -> Taken:
        """All steps in their order.

        Raises:
            Problem: the platform cannot be reached, is silent, or refuses.
        """
        first, idle = self.meter.snapshot(), self._after_a_while()
        connections = climb(more_sockets(self.bounds.max_connections), self._step, self.limit_ms, self._has_time)
        if not connections:
            raise Problem(f"{self.bounds.minutes:g} min are too short for one step.", "", "python -m ops capacity --minutes 5")
        held = knee(connections, self.limit_ms)
        if held is None and all(step.seen.expected == 0 for step in connections):
            raise Problem("The platform publishes nothing.", "Its source is silent (closed market, or paused).", "make status")
        more = more_symbols(self.bounds.max_connections, len(self.symbols)) if held is not None else ()
        rates = climb(more, self._step, self.limit_ms, self._has_time)
        before, watched = self.meter.snapshot(), list[Traffic]()
        together = self._together(connections, held, watched) if len(self.nodes) > 1 and held is not None else None
        watched = watched or [self.meter.traffic(MONITOR_SECONDS)]
        return Taken(
            idle=idle,
            idle_cores={service: idle.cores(first, service) for service in idle.containers},
            machine_idle_cores=idle.machine_cores(first),
            connections=connections,
            rates=rates,
            together=together,
            before_together=before,
            updates_per_symbol=updates_per_symbol(connections),
            symbols=len(self.symbols),
            nodes=len(self.nodes),
            traffic=watched[0],
            ws_names=self.nodes,
        )

    def _after_a_while(self) -> Snapshot:
        time.sleep(IDLE_SECONDS)
        return self.meter.snapshot()

    def _together(self, steps: Sequence[Step], held: Step, watched: list[Traffic]) -> Step:
        """As many sockets as leave room for the edge, which one node alone did not need."""
        roomy = [
            step for step in steps if step.machine_cores <= self.cores / 2 and step.seen.connections <= held.seen.connections
        ]
        crowd = Crowd((roomy or steps[:1])[-1].seen.connections, SYMBOLS_EACH)

        def watch() -> None:
            watched[:] = [self.meter.traffic(MONITOR_SECONDS)]

        return self._step(crowd, through_edge=True, meanwhile=watch)

    def _has_time(self) -> bool:
        """For a step, and for the last crowd after it."""
        needed = self.bounds.window_seconds + TOGETHER_SECONDS + 2 * STEP_SPARE_SECONDS
        return time.monotonic() + needed < self.ends_at

    def _step(self, crowd: Crowd, through_edge: bool = False, meanwhile: Callable[[], None] | None = None) -> Step:
        service, port = ("edge", EDGE_PORT) if through_edge else ("ws", WS_PORT)
        address = (self.meter.address(service, self.meter.names(service)[0]), port)
        require_reachable(address)
        seconds = max(self.bounds.window_seconds, TOGETHER_SECONDS) if through_edge else self.bounds.window_seconds
        words = generator.command(self.program, address, self.url, crowd, self.symbols, seconds)
        marks: dict[str, Snapshot] = {}

        def at(phase: str) -> None:
            marks[phase] = self.meter.snapshot()
            if phase == "from" and meanwhile:
                meanwhile()

        seen = generator.run(words, seconds, at)
        step = self._read(crowd, seen, marks, through_edge)
        self.tell(step)
        return step

    def _read(self, crowd: Crowd, seen: Seen, marks: dict[str, Snapshot], through_edge: bool) -> Step:
        only = None if through_edge else self.nodes[0]
        before, after = marks["from"], marks["to"]
        machine = after.machine_cores(before)
        return Step(
            way="edge" if through_edge else "node",
            symbols=crowd.symbols,
            seen=seen,
            nodes=len(self.nodes) if through_edge else 1,
            ws_cores=after.cores(before, "ws", only),
            edge_cores=after.cores(before, "edge"),
            api_cores=after.cores(before, "api"),
            redis_cores=after.cores(before, "redis"),
            machine_cores=machine,
            machine_share=machine / self.cores,
            ws_bytes={name: marks["open"].memory_bytes("ws", name) for name in self.nodes if only in (None, name)},
            edge_bytes=marks["open"].memory_bytes("edge"),
        )


def updates_per_symbol(steps: Sequence[Step]) -> float:
    """How often the platform's source renews a symbol, per second, from what the steps expected."""
    rates = [step.seen.expected / (step.seen.connections * step.symbols * step.seen.seconds) for step in steps]
    return sum(rates) / len(rates)


def listed_symbols(url: str) -> list[str]:
    """Symbols the platform can be asked for: its default list and what its search shows.

    Raises:
        Problem: it does not answer.
    """
    try:
        quotes = httpx.get(f"{url}{QUOTES}", timeout=10).raise_for_status().json()["quotes"]
        known = httpx.get(f"{url}{SYMBOLS}", params={"limit": 50}, timeout=10).raise_for_status().json()["symbols"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise Problem(f"{url} gives no list of symbols.", str(error), "make status") from error
    names = [str(row["symbol"]) for row in [*quotes, *known]]
    return [name for name in dict.fromkeys(names) if "," not in name]


def require_reachable(address: tuple[str, int]) -> None:
    """Raises Problem when containers cannot be reached by their own addresses."""
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError as error:
        raise Problem(
            f"A container cannot be reached at {address[0]}:{address[1]}: {error}.",
            "One node is measured at its own address, past the edge; that needs Docker on this Linux machine itself.",
            "run it on the machine that runs the stack",
        ) from error
