"""Sets: what makes two elements the same, the order in which a set's elements are listed, and the one in which they are sent.

All follow the official provider, whose lists of set elements are part of the state, of the paths in a diff and of the
container.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from typing import Any

from .properties import UNKNOWN
from .schema import Field, Fields, Kind

_ZERO = {Kind.STRING: "", Kind.INT: 0, Kind.BOOL: False}


def identity(known: Field, element: Any, *, zero: bool = False) -> str:
    """A text that is equal for equal elements. Unset and empty texts are the same.

    zero: defaults are filled in and unset numbers and booleans are 0 and false, as where a program's element is compared
    with one that was read back; without it null is a value of its own.
    """
    if known.fields is None:
        return json.dumps(element, default=repr)
    parts = {key: _part_identity(part, element.get(key), zero=zero) for key, part in known.fields.items()}
    return json.dumps(parts, sort_keys=True, default=repr)


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


def as_sent(fields: Fields, planned: dict[str, Any]) -> dict[str, Any]:
    """`planned` with its sets in the order in which Docker gets them: where it counts (the first DNS server, which mount lies
    over which), it has to be the official provider's, which goes by a hash."""
    return {key: _in_hash_order(fields[key], value) for key, value in planned.items()}


def _in_hash_order(known: Field, value: Any) -> Any:
    return (
        sorted(value, key=lambda element: _hash(known, element)) if known.kind is Kind.SET and isinstance(value, list) else value
    )


def _hash(known: Field, element: Any) -> str:
    """A checksum as decimal digits: these, not the number, are what is sorted by."""
    return str(zlib.crc32(_members(known, element).encode()))


def _members(known: Field, element: Any) -> str:
    if known.fields is None:
        return str(element)
    parts = {_attribute(key): _member(part, element.get(key)) for key, part in known.fields.items()}
    return "".join(f"{key}:{parts[key]};" for key in sorted(parts))


def _member(part: Field, value: Any) -> str:
    if part.is_scalar:
        value = _ZERO[part.kind] if value is None else value
        return str(int(value)) if part.kind is Kind.BOOL else str(value)
    if part.kind is Kind.MAP:
        return "[" + "".join(f"{key}:{value[key]};" for key in sorted(value or {})) + "]"
    elements = value if isinstance(value, list) else [value] if value is not None else []
    members = [f"<{_members(part, element)}>" if part.fields else str(element) for element in _in_hash_order(part, elements)]
    inner = "".join(f"{member};" for member in members)
    return f"{{{inner}}}" if part.kind is Kind.SET else f"({inner})"


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
