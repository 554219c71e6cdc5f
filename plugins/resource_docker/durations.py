"""Durations as Docker's API and Go write them: nanoseconds on the wire, texts such as `1m30s` in programs."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_UNITS_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def nanoseconds(text: str) -> int:
    """Parse `1h2m3.5s`; raises ValueError for anything else. `0` alone needs no unit."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    if not re.fullmatch(f"(?:{_PART.pattern})+", body):
        raise ValueError(f"expected a duration such as 30s or 1m30s, got {text!r}")
    return sign * int(sum(Decimal(number) * _UNITS_NS[unit] for number, unit in _PART.findall(body)))


def text(value_ns: int) -> str:
    """Nanoseconds as Go prints them: `1m30s`, `500ms`, `0s`."""
    if value_ns == 0:
        return "0s"
    if value_ns < 0:
        return "-" + text(-value_ns)
    if value_ns < 10**9:
        for unit in ("ms", "µs", "ns"):
            if value_ns >= _UNITS_NS[unit]:
                return _decimal(value_ns, _UNITS_NS[unit]) + unit
    minutes, rest_ns = divmod(value_ns, _UNITS_NS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = _decimal(rest_ns, 10**9) + "s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(value_ns: int, unit_ns: int) -> str:
    number = Decimal(value_ns) / unit_ns
    return format(number.normalize(), "f")


def check_duration(value: Any) -> str | None:
    try:
        return None if nanoseconds(str(value)) >= 0 else f"expected a duration of at least 0s, got {value!r}"
    except ValueError as error:
        return str(error)
