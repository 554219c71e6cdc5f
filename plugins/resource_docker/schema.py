"""What a resource type's properties are like: type, default, whether a change replaces, who decides an unset value.

Only the vocabulary is here; each resource type's own table is in its own file. `planning`, `diff` and `checking` act on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    STRING = "string"
    INT = "integer"
    BOOL = "boolean"
    MAP = "map"
    LIST = "list"
    SET = "set"


SCALARS = frozenset({Kind.STRING, Kind.INT, Kind.BOOL})


@dataclass(frozen=True)
class Field:
    """One property.

    computed: Docker decides the value where the program leaves it unset.
    output: computed and never an input.
    fields: the properties of an element, for lists and sets of objects; without it elements are strings.
    single: a list or set of at most one object, seen by programs as that object.
    keeps_when_empty: an empty string is no change.
    empty_means: what an empty string stands for.
    same_as_before: tells that two lists differ in nothing that counts.
    check: returns what is wrong with a known value, else None.
    refused: not implemented here, and what to do instead.
    """

    kind: Kind
    required: bool = False
    computed: bool = False
    output: bool = False
    default: str | int | bool | None = None
    replaces: bool = False
    fields: Mapping[str, Field] | None = None
    single: bool = False
    keeps_when_empty: bool = False
    empty_means: str | None = None
    same_as_before: Callable[[list[Any], list[Any]], bool] | None = None
    check: Callable[[Any], str | None] | None = None
    refused: str = ""

    @property
    def is_scalar(self) -> bool:
        return self.kind in SCALARS

    @property
    def is_block(self) -> bool:
        """An object collection that a program writes: empty, never null, where unset."""
        return self.fields is not None and not self.output


Fields = Mapping[str, Field]


def string(**options: Any) -> Field:
    return Field(Kind.STRING, **options)


def integer(**options: Any) -> Field:
    return Field(Kind.INT, **options)


def boolean(**options: Any) -> Field:
    return Field(Kind.BOOL, **options)


def mapping(**options: Any) -> Field:
    return Field(Kind.MAP, **options)


def listing(fields: Fields | None = None, **options: Any) -> Field:
    return Field(Kind.LIST, fields=fields, **options)


def collection(fields: Fields | None = None, **options: Any) -> Field:
    """A set: no order of its own, no element twice."""
    return Field(Kind.SET, fields=fields, **options)


def single(fields: Fields, kind: Kind = Kind.LIST, **options: Any) -> Field:
    return Field(kind, fields=fields, single=True, **options)


def one_of(*values: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if value in values else f"expected one of {', '.join(values)}, got {value!r}"

    return check


def matches(pattern: str, meaning: str) -> Callable[[Any], str | None]:
    compiled = re.compile(pattern)

    def check(value: Any) -> str | None:
        return None if compiled.fullmatch(str(value)) else f"expected {meaning}, got {value!r}"

    return check


def at_least(minimum: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if value >= minimum else f"expected a number of at least {minimum}, got {value!r}"

    return check


def labels(**options: Any) -> Field:
    return collection({"label": string(required=True, replaces=True), "value": string(required=True, replaces=True)}, **options)
