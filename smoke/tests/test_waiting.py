"""`eventually` and `never` end in time and keep the last error."""

import asyncio
import time

import pytest

from smoke.failure import CheckFailed, require
from smoke.waiting import eventually, never


async def test_eventually_returns_what_comes_late():
    tries = iter([ValueError("not yet"), ValueError("not yet"), "there"])

    async def probe():
        got = next(tries)
        if isinstance(got, Exception):
            raise got
        return got

    assert await eventually(probe, expected="it", within_seconds=1, pause_seconds=0.01) == "there"


async def test_eventually_keeps_the_last_error_and_its_deadline():
    async def probe():
        require(False, "9", "7")

    began = time.monotonic()
    with pytest.raises(CheckFailed) as caught:
        await eventually(probe, expected="nine", within_seconds=0.2, pause_seconds=0.01)
    assert time.monotonic() - began < 0.5
    assert caught.value.got.startswith("7 (after"), "the report must say what came instead"
    assert isinstance(caught.value.last_error, CheckFailed)


async def test_eventually_cuts_off_a_probe_that_hangs():
    with pytest.raises(CheckFailed):
        await eventually(lambda: asyncio.sleep(60), expected="an end", within_seconds=0.1)


async def test_never_is_content_with_absence_and_fails_on_presence():
    async def refused():
        raise ConnectionRefusedError

    async def answers():
        return "port open"

    await never(refused, expected="closed", within_seconds=0.1, pause_seconds=0.02)
    with pytest.raises(CheckFailed, match="port open"):
        await never(answers, expected="closed", within_seconds=0.1)
