"""The elements of a set as a plan has them, new ones and unchanged ones: null against empty, zero and false.

An SDK that knows no null stands behind the official provider, and its state shows which way an element came there.
"""

from __future__ import annotations

from typing import Any

from .properties import UNKNOWN, contains_unknown
from .schema import Field, Kind
from .sets import in_order


def fresh_element(known: Field, element: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    """An element as it is planned when its set changes: unset texts are empty (null where `old`, the same element in the
    state, has them), unset numbers and booleans are null."""
    before = old or {}
    return {key: _fresh_value(part, element.get(key), before.get(key)) for key, part in (known.fields or {}).items()}


def _fresh_value(part: Field, value: Any, old: Any) -> Any:
    if value is UNKNOWN or (part.fields is None and contains_unknown(value)):
        return UNKNOWN
    if part.is_scalar:
        wanted = part.default if value is None else value
        return "" if wanted is None and part.kind is Kind.STRING and old is None else wanted
    if part.single:
        return fresh_element(part, value) if isinstance(value, dict) else None
    if part.kind is Kind.SET:
        return in_order(value if part.fields is None else (fresh_element(part, inner) for inner in value)) if value else []
    return value if part.kind is Kind.MAP else value or []


def zero_filled(known: Field, element: Any) -> Any:
    """An unchanged element of a set, in a plan that changes something else: unset numbers and booleans are 0 and false."""
    if not isinstance(element, dict) or known.fields is None:
        return {Kind.INT: 0, Kind.BOOL: False}.get(known.kind) if element is None else element
    return {key: zero_filled(part, element.get(key)) for key, part in known.fields.items()}
