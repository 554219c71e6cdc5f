"""Check: a program's inputs made complete. Values get their types, defaults are filled in and listed under `__defaults`.

A default that is false, 0 or empty is left out, so that the plan sees that the program did not set it. What is wrong is
returned, all of it at once; nothing is raised for bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .properties import DEFAULTS_KEY, UNKNOWN
from .schema import Field, Fields, Kind


@dataclass
class Checked:
    inputs: dict[str, Any]
    failures: list[tuple[str, str]] = field(default_factory=list)


def check(fields: Fields, news: dict[str, Any], olds: dict[str, Any], autoname: Callable[[], str] | None) -> Checked:
    """Inputs for a resource whose former inputs are `olds` (empty for a new or replaced one).

    autoname: makes the name where the program gives none; None for what is not named automatically.
    """
    checked = Checked({})
    checked.inputs = _check_object(fields, news, olds, "", checked.failures, autoname)
    return checked


def _check_object(
    fields: Fields,
    news: dict[str, Any],
    olds: dict[str, Any],
    path: str,
    failures: list[tuple[str, str]],
    autoname: Callable[[], str] | None = None,
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in news.items():
        if key == DEFAULTS_KEY or value is None:
            continue
        where = f"{path}.{key}" if path else key
        known = fields.get(key)
        if known is None or known.output:
            failures.append((where, f"{key} is no input of this resource; remove it"))
            continue
        if known.refused:
            failures.append((where, f"{key} is not implemented by this docker plugin: {known.refused}"))
            continue
        result[key] = _check_value(known, value, olds.get(key), where, failures)
    defaults = _fill_in(fields, result, olds, autoname)
    for key, known in fields.items():
        if known.required and key not in result:
            failures.append((f"{path}.{key}" if path else key, f"{key} is required and missing"))
    result[DEFAULTS_KEY] = sorted(defaults)
    return result


def _fill_in(fields: Fields, result: dict[str, Any], olds: dict[str, Any], autoname: Callable[[], str] | None) -> list[str]:
    """Add defaults to `result`; a value that was a default before, and any former name, stays. Returns the keys added."""
    old_defaults = olds.get(DEFAULTS_KEY)
    added = []
    for key, known in fields.items():
        named = autoname is not None and key == "name" and known.kind is Kind.STRING
        if key in result or (known.default is None and not named):
            continue
        was_default = key in olds and (named or not isinstance(old_defaults, list) or key in old_defaults)
        if was_default:
            value = olds[key]
        elif named and autoname is not None:
            value = autoname()
        else:
            value = known.default or None
        if value is not None:
            result[key] = value
            added.append(key)
    return added


def _check_value(known: Field, value: Any, old: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if value is UNKNOWN:
        return value
    if known.is_scalar:
        return _check_scalar(known, value, path, failures)
    if known.kind is Kind.MAP:
        return _check_map(value, path, failures)
    if known.single:
        return _check_single(known, value, old, path, failures)
    if not isinstance(value, list):
        value = [value]
    olds = old if isinstance(old, list) else []
    return [
        _check_element(known, element, olds[i] if i < len(olds) else None, f"{path}[{i}]", failures)
        for i, element in enumerate(value)
    ]


def _check_single(known: Field, value: Any, old: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, list):
        if len(value) > 1:
            failures.append((path, f"expected one object, got {len(value)}"))
        return _check_element(known, value[0], old, path, failures) if value else None
    return _check_element(known, value, old, path, failures)


def _check_element(known: Field, element: Any, old: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if element is UNKNOWN or element is None:
        return element
    if known.fields is None:
        return _as_text(element, path, failures)
    if not isinstance(element, dict):
        failures.append((path, f"expected an object with {', '.join(known.fields)}, got {element!r}"))
        return element
    return _check_object(known.fields, element, old if isinstance(old, dict) else {}, path, failures)


def _check_map(value: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if not isinstance(value, dict):
        failures.append((path, f"expected a map, got {value!r}"))
        return value
    for key, element in value.items():
        if isinstance(element, list | dict):
            failures.append((f"{path}.{key}", f"expected a string, got {element!r}"))
    return {key: int(element) if isinstance(element, float) else element for key, element in value.items() if element is not None}


def _check_scalar(known: Field, value: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    before = len(failures)
    if known.kind is Kind.STRING:
        value = _as_text(value, path, failures)
    elif known.kind is Kind.INT:
        value = _as_integer(value, path, failures)
    else:
        value = _as_boolean(value, path, failures)
    if len(failures) == before and known.check is not None:
        problem = known.check(value)
        if problem:
            failures.append((path, problem))
    return value


def _as_text(value: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        failures.append((path, f"expected a string, got {value!r}"))
    return value


def _as_integer(value: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lstrip("+-").isdigit():
        return int(value)
    failures.append((path, f"expected a whole number, got {value!r}"))
    return value


def _as_boolean(value: Any, path: str, failures: list[tuple[str, str]]) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("true", "false", "1", "0"):
        return value in ("true", "1")
    failures.append((path, f"expected true or false, got {value!r}"))
    return value
