"""When two states are the same, and when they are as good as the same.

An SDK that knows no null stands behind the official provider: to its plans unset, empty, zero and false are one, as long as
nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .properties import DEFAULTS_KEY
from .schema import Field, Fields, Kind


def same(old: Any, new: Any) -> bool:
    """Equal, where bookkeeping keys do not count."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(same(old.get(key), new.get(key)) for key in _keys(old, new))
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(a, b) for a, b in zip(old, new, strict=True))
    return type(old) is type(new) and bool(old == new)


def _keys(*objects: Iterable[str]) -> set[str]:
    return {key for keys in objects for key in keys} - {DEFAULTS_KEY}


def equivalent(fields: Fields, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Equal, where null is the same as empty, zero or false."""
    return all(_equivalent(known, old.get(key), new.get(key)) for key, known in fields.items())


def _equivalent(known: Field, old: Any, new: Any) -> bool:
    if _is_nothing(old) or _is_nothing(new):
        return _is_nothing(old) and _is_nothing(new)
    if isinstance(old, list) and isinstance(new, list):
        return _equivalent_lists(known, old, new)
    if isinstance(old, dict) and isinstance(new, dict) and known.fields is not None:
        return equivalent(known.fields, old, new)
    return same(old, new)


def _equivalent_lists(known: Field, old: list[Any], new: list[Any]) -> bool:
    if len(old) != len(new):
        return False
    if known.kind is not Kind.SET:
        return all(_equivalent_elements(known, a, b) for a, b in zip(old, new, strict=True))
    return all(any(_equivalent_elements(known, a, b) for b in new) for a in old) and all(
        any(_equivalent_elements(known, a, b) for a in old) for b in new
    )


def _equivalent_elements(known: Field, old: Any, new: Any) -> bool:
    if known.fields is not None and isinstance(old, dict) and isinstance(new, dict):
        return equivalent(known.fields, old, new)
    return same(old, new)


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", 0) or value in ([], {})
