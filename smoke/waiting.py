"""Waiting for something to come, or to stay away, within a deadline. The last error is kept for the report."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from smoke.failure import CheckFailed

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, expected: str, within_seconds: float, pause_seconds: float = 0.1) -> T:
    """Call `probe` until it returns without raising; one call never outlives the deadline.

    Raises:
        CheckFailed: the deadline passed; carries the last error.
    """
    deadline = time.monotonic() + within_seconds
    last: Exception | None = None
    tries = 0
    while (left := deadline - time.monotonic()) > 0:
        tries += 1
        try:
            return await asyncio.wait_for(probe(), left)
        except TimeoutError as error:
            last = last or error
        except Exception as error:
            last = error
        await asyncio.sleep(min(pause_seconds, max(0.0, deadline - time.monotonic())))
    got = last.got if isinstance(last, CheckFailed) else "nothing of the kind"
    raise CheckFailed(expected, f"{got} (after {tries} tries in {within_seconds:g} s)", last)


async def never(probe: Callable[[], Awaitable[T]], *, expected: str, within_seconds: float, pause_seconds: float = 0.2) -> None:
    """Call `probe` until the window ends; it must raise every time.

    Raises:
        CheckFailed: it returned something.
    """
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            got = await asyncio.wait_for(probe(), max(0.05, deadline - time.monotonic()))
        except Exception:  # noqa: S110 - absence is what is hoped for
            pass
        else:
            raise CheckFailed(expected, str(got))
        if time.monotonic() + pause_seconds >= deadline:
            return
        await asyncio.sleep(pause_seconds)
