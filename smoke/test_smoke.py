"""Each smoke check as one pytest case. `python -m smoke` runs the same ones, with its own exit codes."""

import pytest

from ops.access import Access
from smoke.check import Check, Outcome
from smoke.platform import Platform
from smoke.runner import all_checks, run_check

HARMLESS = [check for check in all_checks() if not check.faults]


@pytest.mark.parametrize("check", HARMLESS, ids=lambda check: check.name)
async def test_the_running_platform(check: Check, access: Access) -> None:
    """The check passes within its limit."""
    async with Platform(access) as platform:
        result = await run_check(check, platform, seconds_left=60)
    told = f"expected {result.expected}; got {result.got}; last error: {result.last_error or 'none'}"
    assert result.outcome is Outcome.PASSED, told
