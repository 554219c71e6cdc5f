"""Sets: what makes two elements the same, and the order in which a set's elements are listed.

Both follow the official provider, whose lists of set elements are part of the state and of the paths in a diff.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .properties import UNKNOWN
from .schema import Field, Kind

_ZERO = {Kind.STRING: "", Kind.INT: 0, Kind.BOOL: False}


def identity(known: Field, element: Any, *, zero: bool = False) -> str:
    """A text that is equal for equal elements. Unset and empty texts are the same.

    zero: defaults are filled in and unset numbers and booleans are 0 and false, as where a program's element is compared
    with one that was read back; without it null is a value of its own.
    """
    if known.fields is None:
        return json.dumps(element)
    parts = {key: _part_identity(part, element.get(key), zero=zero) for key, part in known.fields.items()}
    return json.dumps(parts, sort_keys=True)


def _part_identity(part: Field, value: Any, *, zero: bool) -> Any:
    if part.is_scalar:
        if zero and value is None:
            value = part.default if part.default is not None else _ZERO[part.kind]
        if value == "" and part.empty_means is not None and zero:
            value = part.empty_means
        return None if value == "" else value
    if value is None or value == [] or value == {}:
        return None
    elements = value if isinstance(value, list) else [value]
    if part.kind is Kind.MAP:
        return value
    identities = [identity(part, element, zero=zero) for element in elements]
    return sorted(identities) if part.kind is Kind.SET else identities


def in_order(elements: Iterable[Any]) -> list[Any]:
    """Distinct elements in a set's order: texts by their bytes, objects by their serialized values."""
    distinct = {_serialized(element): element for element in elements}
    if all(isinstance(element, str) for element in distinct.values()):
        return sorted(distinct.values(), key=lambda text: text.encode())
    return [distinct[key] for key in sorted(distinct, key=str.encode)]


def _serialized(value: Any) -> str:
    if value is UNKNOWN:
        return "?"
    if value is None:
        return "~"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, dict):
        return "<" + "".join(_serialized(value[key]) + ";" for key in sorted(value, key=_attribute)) + ">"
    if isinstance(value, list):
        return "[" + "".join(_serialized(element) + ";" for element in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _attribute(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
