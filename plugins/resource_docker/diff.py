"""The detailed diff: which property paths a plan adds, changes and deletes, and which of these need a new resource.

Paths are those the engine shows (`ports[0].external`). Elements of a set are named by their place in the program's
inputs, or, where none fits, the whole set is.
"""

from __future__ import annotations

import re
from typing import Any

from .planning import Plan
from .properties import UNKNOWN, without_unknowns
from .schema import Field, Fields, Kind
from .sets import identity

ADD, DELETE, UPDATE = "add", "delete", "update"

Changes = dict[str, tuple[str, bool]]
"""Path -> (kind, whether it replaces)."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]+")


def detailed_diff(fields: Fields, prior: dict[str, Any], planned: Plan, inputs: dict[str, Any]) -> Changes:
    """What `planned` changes in `prior`; `inputs` are the program's."""
    changes: Changes = {}
    for key in sorted(fields):
        known = fields[key]
        changes.update(_value(known, key, prior.get(key), planned.outputs.get(key), inputs.get(key), parent=None))
    if not planned.replaces:
        return {path: (kind, False) for path, (kind, _) in changes.items()}
    if not any(replaces for _, replaces in changes.values()):
        changes["__meta"] = (UPDATE, True)
    return changes


def _value(known: Field, path: str, old: Any, new: Any, given: Any, parent: Field | None) -> Changes:
    old, new = _present(old), _present(new)
    if old is None and new is None:
        return {}
    if old is None or new is None or new is UNKNOWN:
        return _whole(known, path, old, new, parent)
    if known.is_scalar:
        replaces = known.replaces or (parent is not None and parent.replaces)
        return {} if old == new else {path: (UPDATE, replaces)}
    if known.kind is Kind.MAP:
        return _map(known, path, old, new)
    if known.single:
        return _object(known, path, old, new, given)
    return _set(known, path, old, new, given) if known.kind is Kind.SET else _list(known, path, old, new, given)


def _list(known: Field, path: str, old: list[Any], new: list[Any], given: Any) -> Changes:
    if known.fields is None:
        return {f"{path}[{i}]": (kind, known.replaces) for i, kind in _edits(old, new).items()}
    changes: Changes = {}
    for i in range(max(len(old), len(new))):
        element_given = given[i] if isinstance(given, list) and i < len(given) else None
        before, after = (values[i] if i < len(values) else None for values in (old, new))
        changes.update(_element(known, f"{path}[{i}]", before, after, element_given))
    return changes


def _present(value: Any) -> Any:
    return None if isinstance(value, list) and not value else value


def _whole(known: Field, path: str, old: Any, new: Any, parent: Field | None) -> Changes:
    """A value that comes, goes or is not known yet."""
    kind = ADD if old is None else DELETE if new is None else UPDATE
    replaces = known.replaces or (parent is not None and parent.replaces)
    if new is not None and new is not UNKNOWN:
        replaces = replaces or _value_replaces(known, new)
    if old is not None:
        replaces = replaces or _value_replaces(known, old)
    return {path: (kind, replaces)}


def _value_replaces(known: Field, value: Any) -> bool:
    if known.replaces:
        return True
    if known.fields is None or value is None or value is UNKNOWN:
        return False
    elements = value if isinstance(value, list) else [value]
    return any(
        part.replaces or _value_replaces(part, element[key])
        for element in elements
        if isinstance(element, dict)
        for key, part in known.fields.items()
        if key in element
    )


def _object(known: Field, path: str, old: dict[str, Any], new: dict[str, Any], given: Any) -> Changes:
    changes: Changes = {}
    for key, part in sorted((known.fields or {}).items()):
        inner = given.get(key) if isinstance(given, dict) else None
        changes.update(_value(part, f"{path}.{key}", old.get(key), new.get(key), inner, parent=None))
    return changes


def _element(known: Field, path: str, old: Any, new: Any, given: Any) -> Changes:
    if old is None and new is None:
        return {}
    if old is None or new is None or new is UNKNOWN:
        return _whole(known, path, old, new, parent=None)
    if known.fields is None:
        return {} if old == new else {path: (UPDATE, known.replaces)}
    return _object(known, path, old, new, given)


def _map(known: Field, path: str, old: dict[str, Any], new: dict[str, Any]) -> Changes:
    changes: Changes = {}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        kind = ADD if before is None else DELETE if after is None else UPDATE
        changes[_subpath(path, key)] = (kind, known.replaces)
    return changes


def _subpath(path: str, key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    quoted = key.replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _set(known: Field, path: str, old: list[Any], new: list[Any], given: Any) -> Changes:
    before = {identity(known, element, zero=True): i for i, element in enumerate(old)}
    # Officially, an unknown part counts as an unset one here.
    after = {identity(known, without_unknowns(element), zero=True): i for i, element in enumerate(new)}
    removed = sorted(before[key] for key in before.keys() - after.keys())
    added = sorted(after[key] for key in after.keys() - before.keys())
    if not removed and not added:
        return {}
    places = _places_in_inputs(known, added, new, given)
    if len(places) != len(added):
        return {path: (UPDATE, known.replaces)}
    changes: Changes = {}
    for i in sorted({*removed, *places}):
        gone = old[i] if i in removed else None
        come = new[places[i]] if i in places else None
        changes.update(_element(known, f"{path}[{i}]", gone, come, given[i] if i in places else None))
    return changes


def _places_in_inputs(known: Field, added: list[int], new: list[Any], given: Any) -> dict[int, int]:
    """Index in the program's inputs -> index in the plan, for each added element that one of the inputs explains."""
    inputs = given if isinstance(given, list) else [given] if given is not None else []
    if len(inputs) < len(new):
        return {}
    places: dict[int, int] = {}
    for index in added:
        for i, element in enumerate(inputs):
            if i not in places and _explains(known, element, new[index]):
                places[i] = index
                break
    return places


def _explains(known: Field, given: Any, planned: Any) -> bool:
    """Whether the plan's element is this input, filled up with nothing but empty and computed values."""
    if known.fields is None:
        return bool(given == planned)
    if not isinstance(given, dict) or not isinstance(planned, dict):
        return False
    return all(_part_explains(part, given.get(key), planned.get(key)) for key, part in known.fields.items())


def _part_explains(part: Field, given: Any, planned: Any) -> bool:
    if given is None and part.computed:
        return True
    if part.is_scalar:
        return bool(given == planned)
    if given is None:
        return not planned
    if planned is None or isinstance(given, list) != isinstance(planned, list):
        return False
    if part.single:
        # The official provider does not recognize such an object in its own plan.
        return False
    if isinstance(given, list):
        return len(given) == len(planned) and all(_explains(part, a, b) for a, b in zip(given, planned, strict=True))
    return bool(given == planned)


def _edits(old: list[Any], new: list[Any]) -> dict[int, str]:
    """The fewest insertions and deletions that make `new` of `old`; both at one index are an update."""
    rows, columns = len(old), len(new)
    length = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            same = old[i] == new[j]
            length[i][j] = length[i + 1][j + 1] + 1 if same else max(length[i + 1][j], length[i][j + 1])
    edits: dict[int, str] = {}
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and old[i] == new[j]:
            i, j = i + 1, j + 1
        elif j == columns or (i < rows and length[i + 1][j] >= length[i][j + 1]):
            edits[i] = UPDATE if i in edits else DELETE
            i += 1
        else:
            edits[j] = UPDATE if j in edits else ADD
            j += 1
    return edits
