"""The same checks as a probe: again and again, told as Prometheus metrics, on the screen only what changed."""

import asyncio
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from ops.access import Access
from smoke.check import Check, Outcome, Result
from smoke.platform import Platform
from smoke.runner import Exit, exit_code, reachable, run_all


class Probe:
    """What was seen last, as metrics and as words."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge("smoke_check_up", "1 when the check passed last time", ["check"], registry=registry)
        self._seconds = Gauge("smoke_check_seconds", "What the check measured last time", ["check"], registry=registry)
        self._runs = Counter("smoke_runs", "Runs by result", ["result"], registry=registry)
        self._last = Gauge("smoke_last_run_timestamp_seconds", "When the last run ended (Unix time)", registry=registry)
        self._known: dict[str, Outcome] = {}

    def note(self, results: Sequence[Result], code: Exit) -> list[Result]:
        """Take a run; return the checks whose outcome changed."""
        changed = [result for result in results if self._known.get(result.check.name) is not result.outcome]
        for result in results:
            self._known[result.check.name] = result.outcome
            self._up.labels(result.check.name).set(result.outcome is Outcome.PASSED)
            self._seconds.labels(result.check.name).set(result.took_ms / 1000)
        self._runs.labels(code.name.lower()).inc()
        self._last.set(time.time())
        return changed

    def note_unreachable(self, checks: Sequence[Check]) -> bool:
        """Nothing answers: every check is down. True when that is news."""
        results = [Result(check, Outcome.FAILED, 0.0) for check in checks]
        return bool(self.note(results, Exit.UNREACHABLE))


async def watch(
    access: Access, checks: Sequence[Check], every_seconds: float, timeout_seconds: float, port: int, ca_file: str | None
) -> None:
    """Until interrupted. Metrics on 127.0.0.1:`port`/metrics."""
    registry = CollectorRegistry()
    server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    print(
        f"watching {access.base_url} every {every_seconds:g} s; metrics: http://127.0.0.1:{server.server_port}/metrics",
        flush=True,
    )
    probe = Probe(registry)
    try:
        while True:
            began = time.monotonic()
            await _once(probe, access, checks, timeout_seconds, ca_file)
            await asyncio.sleep(max(0.0, every_seconds - (time.monotonic() - began)))
    finally:
        server.shutdown()
        server.server_close()


async def _once(probe: Probe, access: Access, checks: Sequence[Check], timeout_seconds: float, ca_file: str | None) -> None:
    now = time.strftime("%H:%M:%S")
    if why := await reachable(access.base_url):
        if probe.note_unreachable(checks):
            print(f"{now} cannot reach {access.base_url}: {why}", flush=True)
        return
    began = time.monotonic()
    async with Platform(access, ca_file) as platform:
        results = await run_all(checks, platform, timeout_seconds, lambda _: None)
    code = exit_code(results, timed_out=time.monotonic() - began > timeout_seconds)
    for result in probe.note(results, code):
        told = f": expected {result.expected}; got {result.got}" if result.outcome is Outcome.FAILED else ""
        print(f"{now} {result.check.name} {result.outcome.value}{told}", flush=True)
