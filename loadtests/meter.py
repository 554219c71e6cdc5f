"""What one Locust process measured: sockets by the receiver, requests by Locust's own event; counted here, told once a second.

A reading is what is told; adding up and judging are others' business.
"""

import gc
import time
from typing import Any

import gevent
from locust.stats import StatsEntry

from loadtests.histogram import Histogram, percentile
from loadtests.line import Line
from loadtests.machine import CpuMeter
from loadtests.reading import CONNECT, LATENCY, READER_DELAY, Reading, Row, Second
from loadtests.receiver import Receiver


class Meter:
    """The book of one process. Users reach it as `environment.meter`."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self.receiver = Receiver(self._line_lost)
        self.is_open = False
        self.knee: dict[str, Any] | None = None
        """Set by the publisher."""
        self._requests = Histogram()
        self._cpu = CpuMeter()
        self._reading = Reading()
        self._cpu_seconds: list[float] = []
        environment.events.request.add_listener(self._request)
        gevent.spawn(self._each_second)

    def begin_stage(self) -> None:
        """Forget everything: a new kind of user or load comes."""
        self.is_open = False
        self.knee = None
        self._reading = Reading()
        self._cpu_seconds = []
        self.receiver.begin_stage()
        gc.unfreeze()

    def open_window(self) -> None:
        """Everybody is there: time and count from now on. Failures count from the stage's beginning.

        What was made so far stays for the whole window: the collector of garbage need not walk through it while sockets fill.
        """
        gc.collect()
        gc.freeze()
        self._cpu.read()
        self.receiver.open_window(time.time() * 1000)
        self.is_open = True

    def close_window(self) -> None:
        """What is published or asked from now on does not count."""
        self.receiver.close_window(time.time() * 1000)
        self.is_open = False

    def reading(self) -> Reading:
        """Everything counted in the window so far."""
        self._hand_over()
        reach = self.receiver.ledger.reach()
        reading = self._reading
        reading.held = self.receiver.held
        reading.expected, reading.received, reading.duplicates = reach.expected, reach.received, reach.duplicates
        reading.short_sockets, reading.symbols, reading.updates = reach.short_sockets, reach.symbols, reach.updates
        reading.statuses = dict(self.receiver.statuses)
        reading.clock_faults = self.receiver.clock_faults
        reading.knee, reading.priority = self.knee, self._environment.priority
        reading.cpu = [sum(self._cpu_seconds) / len(self._cpu_seconds)] if self._cpu_seconds else []
        return reading

    def lose(self, reason: str) -> None:
        """A socket did not open or closed by itself."""
        self._reading.lost[reason] = self._reading.lost.get(reason, 0) + 1

    def _line_lost(self, line: Line, reason: str) -> None:
        self.lose(reason)
        self._environment.events.request.fire(
            request_type="WS",
            name="unexpected close",
            response_time=0,
            response_length=0,
            exception=RuntimeError(reason),
            context={},
        )

    def _request(self, request_type: str, name: str, response_time: float, exception: BaseException | None, **_: Any) -> None:
        if request_type == "WS" and name != CONNECT:
            return
        row = self._reading.rows.setdefault(name, Row())
        if exception is not None:
            reason = f"{type(exception).__name__}: {exception}"[:160]
            row.failures[reason] = row.failures.get(reason, 0) + 1
        elif self.is_open or request_type == "WS":
            histogram = Histogram(row.counts)
            histogram.add(response_time)
            self._requests.add(response_time)

    def _each_second(self) -> None:
        while True:
            gevent.sleep(1)
            self._hand_over()

    def _hand_over(self) -> None:
        latency, delay = self.receiver.latency.take(), self.receiver.reader_delay.take()
        for name, counts in ((LATENCY, latency), (READER_DELAY, delay)):
            if counts:
                Histogram(self._reading.rows.setdefault(name, Row()).counts).merge(counts)
                _tell_locust(self._environment.stats, name, counts)
        requests = self._requests.take()
        cpu, machine_cpu = self._cpu.read()
        if self.is_open:
            self._cpu_seconds.append(cpu)
            self._reading.seconds.append(_second(latency, requests, self.receiver.held, cpu, machine_cpu))


def _second(latency: dict[float, int], requests: dict[float, int], held: int, cpu: float, machine_cpu: float) -> Second:
    p50, p99, p95 = percentile(latency, 50), percentile(latency, 99), percentile(requests, 95)
    counts = sum(latency.values()), sum(requests.values())
    return Second(time.time(), counts[0], p50, p99, counts[1], p95, held, round(cpu, 1), round(machine_cpu, 1))


def _tell_locust(stats: Any, name: str, counts: dict[float, int]) -> None:
    """Add a second's counts to Locust's statistics in one step instead of one event per message."""
    entry = StatsEntry(stats, name, "WS")
    entry.start_time = entry.last_request_timestamp = time.time()
    entry.num_requests = sum(counts.values())
    entry.total_response_time = sum(value * count for value, count in counts.items())
    entry.min_response_time, entry.max_response_time = min(counts), max(counts)
    entry.num_reqs_per_sec = {int(entry.start_time): entry.num_requests}
    entry.response_times = counts
    stats.get(name, "WS").extend(entry)
