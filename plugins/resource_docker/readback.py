"""From what Docker says to what the state says: null against empty, and the inputs that a resource as it is would need.

Docker does not tell an unset list from an empty one. After a create or update the plan decides; on a refresh the state
that was there before does.
"""

from __future__ import annotations

from typing import Any

from .properties import DEFAULTS_KEY, UNKNOWN, contains_unknown
from .schema import Field, Fields, Kind

_EMPTY: tuple[Any, ...] = ([], {})


def after_apply(fields: Fields, found: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
    """Outputs of a resource just made or changed: a set that was fully planned stays as planned."""
    return {key: _applied(known, found.get(key), planned.get(key)) for key, known in fields.items()}


def _applied(known: Field, found: Any, planned: Any) -> Any:
    if planned is UNKNOWN:
        return found
    if known.kind is Kind.SET:
        return found if contains_unknown(planned) else planned
    if not known.is_scalar and not known.single and (found is None or found in _EMPTY):
        return planned if planned is None or planned in _EMPTY else found
    if found is None:
        return planned if known.is_scalar else None
    if known.fields is not None and isinstance(found, dict) and isinstance(planned, dict):
        return after_apply(known.fields, found, planned)
    if known.fields is not None and isinstance(found, list) and isinstance(planned, list) and len(found) == len(planned):
        return [after_apply(known.fields, a, b) for a, b in zip(found, planned, strict=True)]
    return found


def after_update(fields: Fields, prior: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any]:
    """Outputs of a resource just changed: a number, text or boolean that the program took back is 0, empty or false."""
    return {
        key: _zero(fields[key]) if value is None and prior.get(key) is not None and fields[key].is_scalar else value
        for key, value in planned.items()
    }


def inputs_of(fields: Fields, outputs: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """The former inputs with the values of today: only what the program set or a default filled in is looked at."""
    refreshed: dict[str, Any] = _without_empty_defaults(_refreshed(fields, outputs, inputs)[0])
    return refreshed


def _without_empty_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty_defaults(element) for key, element in value.items()}
        return {key: element for key, element in kept.items() if key != DEFAULTS_KEY or element}
    if isinstance(value, list):
        return [_without_empty_defaults(element) for element in value]
    return value


def zero_filled(fields: Fields, outputs: dict[str, Any]) -> dict[str, Any]:
    """Inside objects of lists and sets, what is unset reads back as empty, 0 or false; at the top it stays null."""
    return {
        key: _zero_filled(fields[key], value) if key in fields and fields[key].is_block else value
        for key, value in outputs.items()
    }


def _zero_filled(known: Field, value: Any) -> Any:
    if isinstance(value, list):
        return [_zero_filled(known, element) for element in value]
    if not isinstance(value, dict) or known.fields is None:
        return value
    return {key: _zero(part) if value.get(key) is None else _zero_filled(part, value[key]) for key, part in known.fields.items()}


def _zero(part: Field) -> Any:
    if part.single:
        return None
    return {Kind.STRING: "", Kind.INT: 0, Kind.BOOL: False, Kind.MAP: {}, Kind.LIST: [], Kind.SET: []}[part.kind]


def _refreshed(fields: Fields, outputs: dict[str, Any], inputs: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    defaults = inputs.get(DEFAULTS_KEY)
    kept = set(defaults) if isinstance(defaults, list) else set()
    result: dict[str, Any] = {}
    unchanged = True
    for key, value in inputs.items():
        if key == DEFAULTS_KEY or key not in fields:
            continue
        result[key], same = _refreshed_value(fields[key], outputs.get(key), value)
        if not same:
            unchanged = False
            kept.discard(key)
    if isinstance(defaults, list):
        result[DEFAULTS_KEY] = sorted(kept)
    return result, unchanged or not isinstance(defaults, list)


def _refreshed_value(known: Field, now: Any, given: Any) -> tuple[Any, bool]:
    if isinstance(given, list) and isinstance(now, list) and known.fields is not None:
        return _refreshed_elements(known, now, given)
    if isinstance(given, list) and isinstance(now, list):
        return now[: len(given)], now[: len(given)] == given
    if isinstance(given, dict) and isinstance(now, dict):
        if known.fields is not None:
            return _refreshed(known.fields, now, given)
        result = {key: now[key] for key in given if key in now}
        return result, result == given
    if given == "" and known.empty_means is not None:
        return given, now == known.empty_means
    return now, now == given


def _refreshed_elements(known: Field, now: list[Any], given: list[Any]) -> tuple[list[Any], bool]:
    places = _matches(now, given) if known.kind is Kind.SET else {i: i for i in range(min(len(now), len(given)))}
    result = []
    unchanged = len(places) == len(given)
    for i, element in enumerate(given):
        if i not in places:
            continue
        value, same = _refreshed(known.fields or {}, now[places[i]], element)
        unchanged = unchanged and same
        result.append(value)
    return result, unchanged


def _matches(now: list[Any], given: list[Any]) -> dict[int, int]:
    """Index of a given element -> index of the one found that resembles it most."""
    scores = sorted(
        ((_resemblance(a, b), i, j) for i, a in enumerate(given) for j, b in enumerate(now)),
        key=lambda score: -score[0],
    )
    places: dict[int, int] = {}
    for _, i, j in scores:
        if i not in places and j not in places.values():
            places[i] = j
    return places


def _resemblance(given: dict[str, Any], now: dict[str, Any]) -> int:
    return sum(1 + 2 * (value == now[key]) for key, value in given.items() if key in now)


def imported_inputs(fields: Fields, outputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs for a resource that was found, not made: every input whose value is not what an unset one would be."""
    result: dict[str, Any] = {}
    for key, known in fields.items():
        if known.output:
            continue
        value = _imported_value(known, outputs.get(key))
        if known.required or not _is_unset(known, value):
            result[key] = value
    result[DEFAULTS_KEY] = []
    return result


def _imported_value(known: Field, value: Any) -> Any:
    if isinstance(value, list) and known.fields is not None:
        return [imported_inputs(known.fields, element) for element in value]
    if isinstance(value, dict) and known.fields is not None:
        return imported_inputs(known.fields, value)
    if isinstance(value, dict):
        return {**value, DEFAULTS_KEY: []}
    return value


def _is_unset(known: Field, value: Any) -> bool:
    if known.default is not None:
        return bool(value == known.default) and type(value) is type(known.default)
    if value is None or value is False or value in ("", 0) or value == []:
        return True
    return isinstance(value, dict) and set(value) <= {DEFAULTS_KEY}
