"""One row of a search or a catalogue, by the names that a service gives its parts."""

from typing import Any

from services.api.upstreams import values as v
from services.api.upstreams.records import Listing


def listing_of(row: dict[str, Any], *, symbol: str, name: str, exchange: str, currency: str) -> Listing:
    """The row's instrument. Raises UpstreamError (malformed) without a symbol or a name."""
    return Listing(
        v.text(row.get(symbol), "symbol"),
        v.text(row.get(name), "name"),
        v.text_or_none(row.get(exchange)),
        currency=v.text_or_none(row.get(currency)),
    )
