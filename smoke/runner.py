"""Runs checks one after the other against one platform, within a total time, and says how each went.

It decides the exit code; printing and files are the report's.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from urllib.parse import urlsplit

import smoke.checks.api
import smoke.checks.exposure
import smoke.checks.faults
import smoke.checks.flow
import smoke.checks.headers
import smoke.checks.tls
import smoke.checks.web
import smoke.checks.ws  # noqa: F401 - importing a group registers its checks
from ops.containers import port_of
from services.contract.objectives import Objective, ObjectivesError, load_objectives
from smoke.check import Check, Outcome, Result, registered
from smoke.failure import CheckFailed
from smoke.platform import Platform

GRACE_MS = 2000
"""How long over its limit a check may run before it is cut off; it has failed by then, the rest is for its last error."""
KNOCK_SECONDS = 3.0
GROUPS = ("web", "api", "ws", "flow", "exposure", "headers", "tls", "faults")


class Exit(IntEnum):
    """Exit codes of `python -m smoke`."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    TIMED_OUT = 4


def all_checks() -> list[Check]:
    """Every check, group by group; one that measures a promised time has the promise's limit.

    Raises:
        ObjectivesError: objectives.toml cannot be read, or lacks a promise that a check measures.
    """
    promises = {row.id: row for row in load_objectives().objective}
    return [_limited(check, promises) for check in sorted(registered(), key=lambda check: GROUPS.index(check.group))]


def _limited(check: Check, promises: Mapping[str, Objective]) -> Check:
    if check.objective is None:
        return check
    if check.objective not in promises:
        raise ObjectivesError(f"objectives.toml has no promise {check.objective!r}, which smoke check {check.name} measures")
    promise = promises[check.objective]
    return replace(check, limit_ms=promise.limit) if promise.unit == "ms" else check


async def reachable(base_url: str) -> str | None:
    """None when something takes connections there, else why not."""
    try:
        knock = asyncio.open_connection(urlsplit(base_url).hostname, port_of(base_url))
        _, writer = await asyncio.wait_for(knock, KNOCK_SECONDS)
    except TimeoutError:
        return f"no answer within {KNOCK_SECONDS:g} s"
    except OSError as error:
        return error.strerror or str(error)
    writer.close()
    return None


async def run_check(check: Check, platform: Platform, seconds_left: float) -> Result:
    """Run one check; whatever it raises is a failure that is told, never a crash of the run."""
    began = time.monotonic()
    cut_off_seconds = min((check.limit_ms + GRACE_MS) / 1000, seconds_left)
    try:
        async with asyncio.timeout(cut_off_seconds):
            measured_ms = await check.body(platform)
    except CheckFailed as failure:
        return Result(check, Outcome.FAILED, _since(began), failure.expected, failure.got, _text(failure.last_error))
    except TimeoutError as error:
        expected = f"an end within {check.limit_ms:g} ms"
        return Result(check, Outcome.FAILED, _since(began), expected, f"still waiting after {_since(began):.0f} ms", _text(error))
    except Exception as error:
        return Result(check, Outcome.FAILED, _since(began), "an answer that can be read", _text(error), _text(error.__cause__))
    took_ms = _since(began) if measured_ms is None else measured_ms
    if took_ms > check.limit_ms:
        return Result(check, Outcome.FAILED, took_ms, f"at most {check.limit_ms:g} ms", f"{took_ms:.0f} ms")
    return Result(check, Outcome.PASSED, took_ms)


async def run_all(
    checks: Sequence[Check], platform: Platform, timeout_seconds: float, tell: Callable[[Result], None]
) -> list[Result]:
    """Run `checks` in order; those that the total time leaves no room for are NOT_RUN. `tell` is called after each."""
    deadline = time.monotonic() + timeout_seconds
    results = []
    for check in checks:
        left = deadline - time.monotonic()
        result = await run_check(check, platform, left) if left > 0 else Result(check, Outcome.NOT_RUN, 0.0)
        results.append(result)
        tell(result)
    return results


def exit_code(results: Sequence[Result], *, timed_out: bool) -> Exit:
    """TIMED_OUT when the total time ended the run, FAILED when a check failed or there was none, else PASSED."""
    if timed_out or any(result.outcome is Outcome.NOT_RUN for result in results):
        return Exit.TIMED_OUT
    passed = results and all(result.outcome is Outcome.PASSED for result in results)
    return Exit.PASSED if passed else Exit.FAILED


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _text(error: BaseException | None) -> str:
    if error is None:
        return ""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
