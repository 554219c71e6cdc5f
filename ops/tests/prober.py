"""Asks the edge again and again from the side, as users do while somebody deploys."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

PAUSE_SECONDS = 0.02


@dataclass
class Probes:
    """What came of them: count by path, and every failure."""

    answered: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    slowest_ms: float = 0


@contextmanager
def probing(base_url: str, *paths: str) -> Iterator[Probes]:
    """One thread for each path, a new connection for each request, until the block ends."""
    probes, ended = Probes(), threading.Event()
    threads = [threading.Thread(target=_probe, args=(base_url, path, probes, ended), daemon=True) for path in paths]
    for thread in threads:
        thread.start()
    try:
        yield probes
    finally:
        ended.set()
        for thread in threads:
            thread.join(10)


def _probe(base_url: str, path: str, probes: Probes, ended: threading.Event) -> None:
    probes.answered[path] = 0
    while not ended.wait(PAUSE_SECONDS):
        began = time.monotonic()
        try:
            status = httpx.get(f"{base_url}{path}", timeout=5).status_code
        except httpx.HTTPError as error:
            probes.failures.append(f"{path}: {type(error).__name__}: {error}")
            continue
        probes.slowest_ms = max(probes.slowest_ms, (time.monotonic() - began) * 1000)
        if status == httpx.codes.OK:
            probes.answered[path] += 1
        else:
            probes.failures.append(f"{path}: {status}")
