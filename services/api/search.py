"""Finding symbols by name: the built-in list and what the source has; NSE's own search on top when it is the source."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from services.api.cache import Cache, Policy
from services.api.instruments import instruments
from services.api.sources import Source
from services.api.sources.live import LiveSource
from services.api.upstreams import UpstreamError
from services.contract.symbols import PROBE_SYMBOL

POLICY = Policy(fresh_seconds=86_400, stale_seconds=2_592_000)
RESULTS_MAX = 50
ASKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .&\-]*")
"""What a name may look like. Else is kept from the service: what guards it takes `<script>` for an attack and blocks us all."""


class Search:
    """Case does not matter; a symbol that begins with the query comes before one that contains it, a name last."""

    def __init__(self, source: Source, cache: Cache) -> None:
        self._source = source
        self._cache = cache

    async def find(self, query: str, limit: int) -> list[dict[str, Any]]:
        """`{symbol, name, exchange}` rows, best first."""
        rows = {row["symbol"]: row for row in self._local()}
        if ASKABLE.fullmatch(query) and isinstance(self._source, LiveSource):
            rows = {row["symbol"]: row for row in await self._upstream(self._source, query)} | rows
        wanted = query.upper()
        ranked = [(rank, row["symbol"], row) for row in rows.values() if (rank := rank_of(wanted, row)) is not None]
        return [row for _, _, row in sorted(ranked, key=lambda item: item[:2])][:limit]

    def _local(self) -> Iterable[dict[str, Any]]:
        catalogue = self._source.catalogue
        symbols = catalogue if catalogue is not None else instruments().keys()
        for symbol in symbols:
            if symbol != PROBE_SYMBOL:
                known = instruments().get(symbol)
                yield {"symbol": symbol, "name": known.name if known else symbol, "exchange": "NSE"}

    async def _upstream(self, source: LiveSource, query: str) -> list[dict[str, Any]]:
        async def load() -> list[dict[str, Any]]:
            return [asdict(listing) for listing in await source.search(query)]

        try:
            rows = (await self._cache.get(f"cache:search:{query.upper()}", POLICY, load)).value
        except UpstreamError:
            return []
        return [{name: row[name] for name in ("symbol", "name", "exchange")} for row in rows]


def rank_of(wanted: str, row: dict[str, Any]) -> int | None:
    """0 equal, 1 begins with, 2 contains, 3 in the name; None is no match."""
    symbol: str = row["symbol"]
    if symbol == wanted:
        return 0
    if symbol.startswith(wanted):
        return 1
    if wanted in symbol:
        return 2
    return 3 if wanted in row["name"].upper() else None
