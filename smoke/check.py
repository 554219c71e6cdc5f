"""What a smoke check is: a named coroutine with a time limit that returns, or says what it expected and what it got."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from smoke.platform import Platform

Body = Callable[[Platform], Awaitable[float | None]]


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    """The whole run's time was over."""


@dataclass(frozen=True)
class Check:
    """One check. `limit_ms` bounds what it reports; `faults`: only with `--faults`; `tls`: only at an https address."""

    name: str
    group: str
    limit_ms: float
    body: Body
    objective: str | None = None
    faults: bool = False
    tls: bool = False


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


def check(limit_ms: float, *, objective: str | None = None, faults: bool = False, tls: bool = False) -> Callable[[Body], Body]:
    """Register a coroutine as the check of its own name; its file is its group.

    The body may return milliseconds it measured itself; else the time of the whole check counts. Where the promise named by
    `objective` is a time, its limit takes the place of `limit_ms`.
    """

    def register(body: Body) -> Body:
        name = body.__name__
        if name in _registry:
            raise ValueError(f"two smoke checks are called {name}")
        group = body.__module__.rpartition(".")[2]
        _registry[name] = Check(name, group, limit_ms, body, objective, faults, tls)
        return body

    return register


def registered() -> list[Check]:
    """All checks in the order of their definition."""
    return list(_registry.values())
