"""The built-in list of instruments: names for the search, and starting prices for the simulator (invented, near 2025 levels)."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("instruments.csv")


@dataclass(frozen=True)
class Instrument:
    """One line of instruments.csv."""

    symbol: str
    name: str
    simulated_price: Decimal


@cache
def instruments() -> dict[str, Instrument]:
    """Symbol -> Instrument: the NIFTY 50 and three indices."""
    with _FILE.open(newline="") as file:
        rows = [Instrument(r["symbol"], r["name"], Decimal(r["simulated_price"])) for r in csv.DictReader(file)]
    return {row.symbol: row for row in rows}
