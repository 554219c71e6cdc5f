"""Each smoke check as one pytest case. `python -m smoke` runs the same ones, with its own exit codes."""

import pytest

from ops.access import Access
from services.contract.objectives import ObjectivesError
from smoke.check import Check, Outcome
from smoke.platform import Platform
from smoke.runner import all_checks, run_check

try:
    HARMLESS = [check for check in all_checks() if not check.faults]
except ObjectivesError as error:
    pytest.exit(str(error), returncode=2)


@pytest.mark.parametrize("check", HARMLESS, ids=lambda check: check.name)
async def test_the_running_platform(check: Check, access: Access) -> None:
    """The check passes within its limit."""
    if check.tls and not access.base_url.startswith("https"):
        pytest.skip("needs an https:// address")
    async with Platform(access) as platform:
        result = await run_check(check, platform, seconds_left=60)
    told = f"expected {result.expected}; got {result.got}; last error: {result.last_error or 'none'}"
    assert result.outcome is Outcome.PASSED, told
