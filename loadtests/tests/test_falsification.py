"""The whole report against platforms that are wrong in one way each: red by the right name, green where nothing is wrong."""

import asyncio
import json
import subprocess
import sys

import pytest

from ops.access import ROOT
from services.contract.tests.standin import CLIENT_KEY

pytestmark = [pytest.mark.load, pytest.mark.timeout(300)]


async def prove(tmp_path, faults, steps):
    """Verdicts and reasons by promise, and the page."""
    (tmp_path / "key").write_text(CLIENT_KEY)
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.contract.tests.standin", "0", json.dumps(faults),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert serving.stdout
    assert serving.stdin
    try:
        url = (await serving.stdout.readline()).decode().strip()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loadtests.proof", "--base-url", url, "--client-key-file", str(tmp_path / "key"),
            "--steps", steps, "--output", str(tmp_path / "out"), "--baseline", str(tmp_path / "none.json"),
            "--strict", "--at-most-users", "30", "--hold-seconds", "4",
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
    finally:
        serving.stdin.close()
        await serving.wait()
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    return {promise["id"]: promise for promise in data["promises"]}, (tmp_path / "out" / "report.html").read_text(), out.decode()


@pytest.mark.parametrize(
    ("faults", "steps", "promise", "told"),
    [
        ({"late_ms": 150}, "null,ws", "ws_latency", "p99 "),
        ({"drop": 0.01, "updates_per_second": 10}, "ws", "ws_reach", "updates missed"),
        ({"error_share": 0.05}, "api", "api_errors", "500"),
    ],
)
async def test_an_injected_fault_turns_the_report_red_by_the_right_name(tmp_path, faults, steps, promise, told):
    for _ in range(3):  # a starved machine makes the meter say nothing
        promises, page, out = await prove(tmp_path, faults, steps)
        if promises[promise]["verdict"] != "inconclusive":
            break
    assert promises[promise]["verdict"] == "missed", out
    assert told in promises[promise]["reasons"][0]
    others = {"api_errors", "ws_reach", "ws_closes"} & {name for name in promises if promises[name]["samples"]} - {promise}
    assert all(promises[name]["verdict"] == "met" for name in others), "only the broken promise may be blamed"
    assert "promises are not kept" in page


async def test_a_platform_without_a_fault_is_not_accused(tmp_path):
    promises, _, out = await prove(tmp_path, {}, "api,ws")
    for name in ("api_errors", "ws_reach", "ws_closes"):
        assert promises[name]["verdict"] == "met", out
