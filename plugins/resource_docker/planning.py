"""The plan: what a resource's outputs will be, given its state and the program's inputs, and whether that needs a new one.

The official provider's plan is Terraform's, and its rules show through: an unset value that Docker computes stays as it
is, an unset value that is empty in the state is no change, an element of a set is old or new as a whole, and a change
replaces only where the changed value itself (or the number of elements of its collection) says so. What is not known
before the resource is made is `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .equality import equivalent
from .properties import UNKNOWN, contains_unknown
from .schema import Field, Fields, Kind
from .set_elements import fresh_element, zero_filled
from .sets import identity, in_order

_ZERO = {Kind.STRING: "", Kind.INT: "0", Kind.BOOL: "false"}


@dataclass
class Plan:
    outputs: dict[str, Any]
    replaces: bool


def plan(fields: Fields, prior: dict[str, Any] | None, inputs: dict[str, Any], ignored: Collection[str] = ()) -> Plan:
    """Plan a resource; `prior` (its outputs) is None for one that is to be made.

    ignored: the program's `ignore_changes`. A property named there stays; paths into one are the engine's to see to.
    """
    planner = _Planner(creating=prior is None)
    before = prior or {}
    outputs = {
        key: before.get(key) if prior is not None and key in ignored else planner.value(known, before.get(key), inputs.get(key))
        for key, known in fields.items()
    }
    if prior is not None and equivalent(fields, before, outputs):
        return Plan({key: before.get(key) for key in fields}, replaces=False)
    return Plan(outputs, planner.replaces)


class _Planner:
    def __init__(self, *, creating: bool) -> None:
        self.creating = creating
        self.replaces = False

    def value(self, known: Field, old: Any, new: Any) -> Any:
        if known.output:
            return self._output(known, old)
        if new is UNKNOWN:
            self._mark(known)
            return UNKNOWN
        if known.is_scalar:
            return self._scalar(known, old, new)
        if known.kind is Kind.MAP:
            return self._map(known, old, new)
        if known.single:
            return self._single(known, old, new)
        if known.kind is Kind.SET:
            return self._set(known, old, new)
        return self._list(known, old, new)

    def _mark(self, known: Field, *, when: bool = True) -> None:
        self.replaces = self.replaces or (when and known.replaces)

    def _output(self, known: Field, old: Any) -> Any:
        if self.creating or (old is None and not known.is_scalar):
            return UNKNOWN
        return old

    def _scalar(self, known: Field, old: Any, new: Any) -> Any:
        if new == "" and known.empty_means is not None:
            new = known.empty_means
        wanted = known.default if new is None else new
        before, after = _text(old), _text(wanted)
        if wanted is None and old is not None:
            after = _ZERO[known.kind]
        if before == after:
            if before == "" and self.creating and known.computed:
                return UNKNOWN
            return wanted if old is None and (new is not None or wanted != "") else old
        if after == "" and known.keeps_when_empty:
            return old
        if known.computed and (wanted is None or after == ""):
            return old
        self._mark(known)
        return wanted

    def _map(self, known: Field, old: Any, new: Any) -> Any:
        if known.computed and (new is None or (not new and self.creating)):
            self._mark(known, when=old is None)
            return UNKNOWN if old is None else old
        if not new:
            self._mark(known, when=bool(old))
            return {} if old else old
        if contains_unknown(new):
            self._mark(known)
            return UNKNOWN
        new = {key: _text(value) for key, value in new.items()}
        if old == new:
            return old
        self._mark(known)
        return new

    def _single(self, known: Field, old: Any, new: Any) -> Any:
        if not new:
            if known.computed:
                return UNKNOWN if self.creating else old
            self._mark(known, when=old is not None)
            return None
        if known.kind is Kind.SET:
            planned = self._set(known, _listed(old), [new])
            return planned if planned is UNKNOWN else planned[0]
        self._mark(known, when=old is None)
        return self._object(known, old, new)

    def _list(self, known: Field, old: Any, new: Any) -> Any:
        if known.fields is None:
            return self._strings(known, old, new)
        if not new:
            return self._no_elements(known, old)
        before = old or []
        if known.same_as_before and not contains_unknown(new) and known.same_as_before(before, new):
            return before
        self._mark(known, when=len(before) != len(new))
        for gone in before[len(new) :]:
            self._mark_element(known, gone)
        return [self._object(known, before[i] if i < len(before) else None, element) for i, element in enumerate(new)]

    def _object(self, known: Field, old: Any, new: Any) -> Any:
        if new is UNKNOWN:
            self._mark(known)
            return UNKNOWN
        before = old or {}
        return {key: self.value(part, before.get(key), (new or {}).get(key)) for key, part in (known.fields or {}).items()}

    def _strings(self, known: Field, old: Any, new: Any) -> Any:
        empty = new == [] and known.kind is Kind.SET
        if known.computed and (new is None or (empty and self.creating)):
            self._mark(known, when=old is None)
            return UNKNOWN if old is None else old
        if new is None or (empty and not old):
            self._mark(known, when=bool(old))
            return [] if old else old
        if known.kind is Kind.SET:
            new = in_order(new)
        if old == new:
            return old
        self._mark(known)
        return new

    def _no_elements(self, known: Field, old: Any) -> Any:
        if known.computed:
            return UNKNOWN if self.creating else (old or [])
        self._mark(known, when=bool(old))
        return []

    def _set(self, known: Field, old: Any, new: Any) -> Any:
        if new is not None and UNKNOWN in new:
            self._mark(known)
            return UNKNOWN
        if known.fields is None:
            return self._strings(known, old, new)
        if not new:
            return self._no_elements(known, old)
        before = {identity(known, element, zero=True): element for element in old or []}
        after = {identity(known, element, zero=True): element for element in new}
        if before.keys() == after.keys():
            return [zero_filled(known, element) for element in old or []]
        self._mark(known, when=len(before) != len(after))
        for key in before.keys() ^ after.keys():
            self._mark_element(known, before[key] if key in before else after[key])
        return in_order(fresh_element(known, element, before.get(key)) for key, element in after.items())

    def _mark_element(self, known: Field, element: Any) -> None:
        """An element that comes or goes replaces if one of the values it has says so."""
        for key, part in (known.fields or {}).items():
            value = element.get(key) if isinstance(element, dict) else None
            if value is None or value in ("", [], {}):
                continue
            self._mark(part)
            if part.fields is not None and not part.replaces:
                for inner in _listed(value):
                    self._mark_element(part, inner)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def settled(fields: Fields, outputs: dict[str, Any]) -> dict[str, Any]:
    """A plan as the state of a resource whose making stopped half way: what was to be learned is null, unknown sets empty."""
    return {key: _settled(known, outputs.get(key)) for key, known in fields.items()}


def _settled(known: Field, value: Any) -> Any:
    if value is UNKNOWN:
        empty = known.kind is Kind.SET or (known.is_block and not known.single)
        return [] if empty else None
    if isinstance(value, list) and known.fields is not None:
        return [settled(known.fields, element) if isinstance(element, dict) else element for element in value]
    if isinstance(value, dict) and known.fields is not None:
        return settled(known.fields, value)
    return value
