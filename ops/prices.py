"""What a month costs: reads `prices.toml` and puts bills together from it, line by line with their arithmetic.

What is used (memory, processor, commands) is the caller's to measure. A price that is unknown stays unknown in the bill.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

DEFAULT_PATH = Path(__file__).with_name("prices.toml")
MINUTES = 60
COMMANDS_PER_PRICE = 100_000

Number = Annotated[float, Field(strict=False, ge=0, allow_inf_nan=False)]


class PricesError(ValueError):
    """The file is not usable; the text names file, place, what was got and what was expected."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Figure(_Row):
    """One price or allowance; see the head of prices.toml for the meaning of each field."""

    what: str
    unit: str
    seed: Annotated[str, Field(pattern=r"^S\d{3}$")] | None = None
    owner: Number | tuple[Number, Number] | None = None
    today: Number | Literal["unknown", "computed"]
    source: Annotated[str, Field(pattern=r"^https://")] | None = None
    read: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}(-\d{2})?|undated)$")] | None = None
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _list_is_a_range(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("owner"), list):
            return {**data, "owner": tuple(data["owner"])}
        return data

    @model_validator(mode="after")
    def _figures_have_a_source(self) -> Self:
        if isinstance(self.today, float) != (self.source is not None and self.read is not None):
            raise ValueError("a figure of today needs `source` and `read`; unknown and computed ones have neither")
        if (self.seed is None) != (self.owner is None):
            raise ValueError("`seed` and `owner` belong together")
        if isinstance(self.owner, tuple) and self.owner[0] > self.owner[1]:
            raise ValueError("`owner` must be [from, to], from the smaller to the larger")
        return self

    def owner_range(self) -> tuple[float, float]:
        """The owner's figure as (from, to).

        Raises:
            PricesError: the design has none.
        """
        if self.owner is None:
            raise PricesError(f"the owner's design has no figure for: {self.what}")
        return self.owner if isinstance(self.owner, tuple) else (self.owner, self.owner)


class Prices(_Row):
    """All figures by name."""

    owner_source: str
    hours_per_month: Annotated[float, Field(strict=False, gt=0, le=744)]
    figure: dict[str, Figure]

    def today(self, name: str) -> float | None:
        """Today's figure; None when it is unknown.

        Raises:
            PricesError: no such figure, or it is one to be computed.
        """
        if name not in self.figure:
            raise PricesError(f"no figure {name!r} in prices.toml, known are {', '.join(sorted(self.figure))}")
        found = self.figure[name].today
        if found == "computed":
            raise PricesError(f"figure {name!r} is a sum; it has no price of its own")
        return found if isinstance(found, float) else None

    def owner_total(self, *names: str) -> tuple[float, float]:
        """The owner's figures added up, as (from, to)."""
        ranges = [self.figure[name].owner_range() for name in names]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def load_prices(path: Path = DEFAULT_PATH) -> Prices:
    """Read the prices.

    Raises:
        PricesError: file missing, not TOML, or a figure is wrong; every wrong place is named in the one text.
    """
    try:
        return Prices.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PricesError(f"cannot read {path}: {error.strerror}. Restore it with: git checkout {path.name}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PricesError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        places = "; ".join(_place(detail["loc"], detail["msg"], detail["input"]) for detail in error.errors())
        raise PricesError(f"{path} is wrong: {places}") from error


def _place(location: tuple[int | str, ...], message: str, got: object) -> str:
    where = ".".join(str(part) for part in location) or "file"
    shown = "" if isinstance(got, dict) else f", got {got!r:.60}"
    return f"{where}: {message.removeprefix('Value error, ')}{shown}"


@dataclass(frozen=True)
class Line:
    """One line of a bill; `usd` is None where the price is unknown."""

    what: str
    usd: float | None
    arithmetic: str


@dataclass(frozen=True)
class Bill:
    """A month on one target."""

    target: str
    lines: Sequence[Line]

    @property
    def known_usd(self) -> float:
        """The sum of what is known."""
        return sum(line.usd for line in self.lines if line.usd is not None)

    @property
    def unknown(self) -> list[str]:
        """What is not in the sum."""
        return [line.what for line in self.lines if line.usd is None]


@dataclass(frozen=True)
class Usage:
    """What the services use on average over a month that is like the moment of the measurement."""

    memory_gb: float
    vcpus: float
    redis_commands: float
    """Per month, over all databases."""
    redis_mb: float
    """In each database."""
    traffic_gb: float
    """Sent to browsers, per month."""
    redis_databases: int = 1


def cloud_bill(prices: Prices, usage: Usage) -> Bill:
    """The owner's three vendors, for commercial use, and what else a bill there has."""
    seat = prices.today("vercel_pro")
    lines = [
        *_railway(prices, usage),
        _upstash(prices, usage),
        Line("Vercel", seat, f"Pro, one seat: {_usd(seat)}"),
        _by_amount("Supabase", prices.today("supabase"), 1, "plan"),
    ]
    return Bill("cloud", lines)


def host_bill(prices: Prices, target: str, hosts: int, host_usd: float | None = None) -> Bill:
    """Hosts of one's own; `host_usd` per month is the reader's, where prices.toml has none."""
    return Bill(target, [_by_amount("hosts", prices.today("host") if host_usd is None else host_usd, hosts, "host(s)")])


def railway_use_usd(prices: Prices, memory_gb: float, vcpus: float) -> float | None:
    """Memory and processor for a month; None when a price is unknown."""
    memory, processor = prices.today("railway_memory"), prices.today("railway_cpu")
    if memory is None or processor is None:
        return None
    return prices.hours_per_month * MINUTES * (memory_gb * memory + vcpus * processor)


def _railway(prices: Prices, usage: Usage) -> list[Line]:
    use, least = railway_use_usd(prices, usage.memory_gb, usage.vcpus), prices.today("railway_minimum")
    minutes = f"{prices.hours_per_month * MINUTES:,.0f} min"
    text = (
        f"{minutes} x ({usage.memory_gb:.3f} GB x {_usd(prices.today('railway_memory'))}"
        f" + {usage.vcpus:.3f} vCPU x {_usd(prices.today('railway_cpu'))}) = {_usd(use, 2)}, at least {_usd(least)}"
    )
    due = None if use is None or least is None else max(use, least)
    return [
        Line("Railway", due, text),
        _by_amount("Railway traffic", prices.today("railway_traffic"), usage.traffic_gb, "GB"),
    ]


def _upstash(prices: Prices, usage: Usage) -> Line:
    """The cheapest plan that holds the data and the commands."""
    commands, megabytes = prices.today("upstash_free_commands"), prices.today("upstash_free_storage")
    fits = commands is not None and megabytes is not None and usage.redis_commands <= commands and usage.redis_mb <= megabytes
    if fits and usage.redis_databases == 1:
        return Line("Upstash", prices.today("upstash_free"), f"free: {usage.redis_commands:,.0f} of {commands:,.0f} commands")
    rate, fixed, room = (prices.today(f"upstash_{name}") for name in ("commands", "fixed", "fixed_storage"))
    by_use = None if rate is None else usage.redis_commands / COMMANDS_PER_PRICE * rate
    text = f"{usage.redis_commands:,.0f} commands x {_usd(rate)}/100,000 = {_usd(by_use, 2)}"
    plans = None if fixed is None or room is None or usage.redis_mb > room else fixed * usage.redis_databases
    if plans is not None and (by_use is None or plans < by_use):
        text += f"; {usage.redis_databases} x the fixed plan {_usd(fixed)} is less (its limits on commands are unknown)"
        return Line("Upstash", plans, text)
    return Line("Upstash", by_use, text)


def _by_amount(what: str, usd: float | None, amount: float, unit: str) -> Line:
    text = f"{amount:,.0f} {unit} x {_usd(usd)}"
    return Line(what, None if usd is None else usd * amount, text)


def _usd(usd: float | None, digits: int | None = None) -> str:
    if usd is None:
        return "unknown"
    return f"${usd:,.{digits}f}" if digits is not None else f"${usd:g}"
