"""What is newly wanted is published once, and then moves with its source only."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

from services.api.ingest import Ingest


class Source:
    """Has TCS and INFY; counts who asks for their current reading."""

    name, catalogue = "played", frozenset({"TCS", "INFY"})

    def __init__(self):
        self.asked = []

    async def current(self, symbols):
        self.asked.append(sorted(symbols))
        return []


async def test_what_is_held_but_no_longer_watched_is_not_read_anew_each_second(monkeypatch):
    demand: Any = SimpleNamespace(wanted=lambda: frozenset({"TCS"}), default=("TCS",), changed=asyncio.Event())
    store: Any = SimpleNamespace(held={"TCS": 1, "INFY": 1})
    source: Any = Source()
    ingest = Ingest(None, None, None, demand, store, source)  # type: ignore[arg-type]

    async def publish(term, writer, readings):
        ingest._served |= {"TCS", "INFY"}

    monkeypatch.setattr(ingest, "_publish", publish)
    serving = asyncio.create_task(ingest._serve_new(None, None))  # type: ignore[arg-type]
    for _ in range(5):
        demand.changed.set()
        await asyncio.sleep(0.01)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    assert source.asked == [["INFY", "TCS"]], "a second source call in the same cache lifetime is a stampede"
