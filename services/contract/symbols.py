"""What a symbol may look like. Every entry to the platform (REST, socket, CSV, upstream answer) goes through `parse_symbol`."""

import re
from typing import Annotated

from pydantic import AfterValidator

SYMBOL_PATTERN = r"[A-Z0-9]([A-Z0-9&._ \-]{0,30}[A-Z0-9&._\-])?"
"""NSE names, upper case: `RELIANCE`, `M&M`, `BAJAJ-AUTO`, `NIFTY 50`. Anchored by its users with fullmatch."""

PROBE_SYMBOL = "STK.PROBE"
"""Reserved for the end-to-end probe: no list, search or page shows it."""

_SYMBOL = re.compile(SYMBOL_PATTERN)


def parse_symbol(text: str) -> str:
    """Return `text` when it is a symbol.

    Raises:
        ValueError: it is not; the text is quoted shortened, so a hostile one cannot flood a log.
    """
    if isinstance(text, str) and _SYMBOL.fullmatch(text):
        return text
    raise ValueError(f"not a symbol: {str(text)[:40]!r} (upper-case letters, digits, & . _ - and inner blanks, 1 to 32)")


def is_index(symbol: str) -> bool:
    """NSE's tickers never contain a blank, the names of its indices always do (`NIFTY 50`, `INDIA VIX`)."""
    return " " in symbol


Symbol = Annotated[str, AfterValidator(parse_symbol)]
