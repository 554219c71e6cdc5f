"""The probe: tells what changed, and keeps its metrics true while nothing answers."""

import asyncio
import socket
import urllib.request

from prometheus_client import CollectorRegistry

from ops.access import Access
from services.contract.tests.standin import CLIENT_KEY, CONTROL_KEY, Faults, standin
from smoke.check import Outcome, Result
from smoke.runner import Exit, all_checks
from smoke.watch import Probe, watch

CHECKS = [check for check in all_checks() if check.name in ("api_health", "ws_connect")]


def test_only_changes_are_told_and_the_gauges_follow():
    registry = CollectorRegistry()
    probe = Probe(registry)
    good = [Result(check, Outcome.PASSED, 5.0) for check in CHECKS]
    assert len(probe.note(good, Exit.PASSED)) == 2, "the first run is news"
    assert probe.note(good, Exit.PASSED) == []
    bad = [Result(CHECKS[0], Outcome.FAILED, 9.0), good[1]]
    assert [result.check.name for result in probe.note(bad, Exit.FAILED)] == [CHECKS[0].name]
    assert registry.get_sample_value("smoke_check_up", {"check": CHECKS[0].name}) == 0
    assert registry.get_sample_value("smoke_check_up", {"check": CHECKS[1].name}) == 1
    assert registry.get_sample_value("smoke_runs_total", {"result": "passed"}) == 2


def test_an_absent_platform_is_news_once_and_all_down():
    registry = CollectorRegistry()
    probe = Probe(registry)
    assert probe.note_unreachable(CHECKS)
    assert not probe.note_unreachable(CHECKS)
    assert registry.get_sample_value("smoke_check_up", {"check": "ws_connect"}) == 0
    assert registry.get_sample_value("smoke_runs_total", {"result": "unreachable"}) == 2


async def test_watching_exports_what_it_sees(capsys):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with standin(Faults(unhealthy=True)) as url:
        access = Access(url, client_key=CLIENT_KEY, control_key=CONTROL_KEY)
        watching = asyncio.create_task(watch(access, CHECKS, 0.2, 10, port, None))
        text = ""
        for _ in range(50):
            await asyncio.sleep(0.1)
            text = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode())
            if 'smoke_runs_total{result="failed"} 3.0' in text:
                break
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert 'smoke_check_up{check="api_health"} 0.0' in text
    assert 'smoke_check_up{check="ws_connect"} 1.0' in text
    assert capsys.readouterr().out.count("api_health failed") == 1, "three failed runs are one piece of news"
