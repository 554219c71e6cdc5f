"""The page through the stack, in a real browser: what a visitor does, what is lost and comes back."""

import os
import re
import subprocess

import pytest

from ops.access import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("suite", ["flow", "recovery"])
def test_the_page_in_a_real_browser(up_once, url, suite):
    subprocess.run(["tools/web-packages"], cwd=ROOT, check=True, capture_output=True)
    command = [str(ROOT / ".venv/bin/node"), "--test", "--test-reporter=tap", f"e2e/{suite}.test.mjs"]
    done = subprocess.run(
        command, cwd=ROOT / "web", env={**os.environ, "BASE_URL": url}, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no Docker engine here" not in done.stdout, "what breaks the stack's containers must have been run"
    told = re.findall(r"^(?:ok |# pass|# skip|# duration).*", done.stdout, re.MULTILINE)
    print("\n" + "\n".join(told))
