"""What a smoke check is: a named coroutine with a time limit that returns, or says what it expected and what it got."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smoke.platform import Platform

Body = Callable[["Platform"], Awaitable[float | None]]


class CheckFailed(Exception):  # noqa: N818 - a verdict, not an error of the program
    """The platform does not do what it should."""

    def __init__(self, expected: str, got: str, last_error: BaseException | None = None) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected, self.got, self.last_error = expected, got, last_error


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    """The whole run's time was over."""


@dataclass(frozen=True)
class Check:
    """One check. `limit_ms` bounds what it reports; `faults` marks those that only `--faults` runs."""

    name: str
    group: str
    limit_ms: float
    body: Body
    objective: str | None = None
    faults: bool = False


@dataclass(frozen=True)
class Result:
    """How one check went. `took_ms` is what the check measured, else how long it ran."""

    check: Check
    outcome: Outcome
    took_ms: float
    expected: str = ""
    got: str = ""
    last_error: str = ""


_registry: dict[str, Check] = {}


def check(limit_ms: float, *, objective: str | None = None, faults: bool = False) -> Callable[[Body], Body]:
    """Register a coroutine as the check of its own name; its file is its group.

    The body may return milliseconds it measured itself; else the time of the whole check counts.
    """

    def register(body: Body) -> Body:
        name = body.__name__
        if name in _registry:
            raise ValueError(f"two smoke checks are called {name}")
        group = body.__module__.rpartition(".")[2]
        _registry[name] = Check(name, group, limit_ms, body, objective, faults)
        return body

    return register


def registered() -> list[Check]:
    """All checks in the order of their definition."""
    return list(_registry.values())


def require(condition: object, expected: str, got: object) -> None:
    """Raise CheckFailed unless `condition`; `got` is shortened so that a page of HTML does not fill the screen."""
    if not condition:
        text = str(got)
        raise CheckFailed(expected, text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)")
