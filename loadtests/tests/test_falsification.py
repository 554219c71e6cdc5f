"""The whole report against platforms that are wrong in one way each: red by the right name, green where nothing is wrong.

All four are proven side by side, each against a stand-in of its own: nearly all of a run is waiting.
"""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from ops.access import ROOT
from services.contract.tests.standin import CLIENT_KEY, standin_process

pytestmark = [pytest.mark.load, pytest.mark.timeout(300)]

PROOFS: dict[str, tuple[dict[str, Any], str]] = {
    "late": ({"late_ms": 150}, "null,ws"),
    "lossy": ({"drop": 0.01, "updates_per_second": 10}, "ws"),
    "failing": ({"error_share": 0.05}, "api"),
    "right": ({}, "api,ws"),
}
"""By name: what is wrong with the platform, and the steps that can see it."""
JUDGED = ("api_errors", "ws_reach", "ws_closes")
"""Promises that 30 users can keep as well as 1000: counts, not times."""


async def prove(folder, name):
    """Promises by id, the page, and what was printed."""
    faults, steps = PROOFS[name]
    (folder / "key").write_text(CLIENT_KEY)
    out = folder / name
    async with standin_process(**faults) as url:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loadtests.proof", "--base-url", url, "--client-key-file", str(folder / "key"),
            "--steps", steps, "--output", str(out), "--baseline", str(folder / "none.json"),
            "--strict", "--at-most-users", "30", "--hold-seconds", "4",
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
    data = json.loads((out / "report.json").read_text())
    return {promise["id"]: promise for promise in data["promises"]}, (out / "report.html").read_text(), told.decode()


def is_open(name, promises):
    asked = (*JUDGED, "ws_latency") if "null" in PROOFS[name][1] else JUDGED
    return any(promises[promise]["verdict"] == "inconclusive" for promise in asked)


@pytest.fixture(scope="module")
def proofs(tmp_path_factory):
    """Every proof by name. A starved machine makes the meter say nothing; then it is asked again, alone, three times at most."""
    folder = tmp_path_factory.mktemp("proofs")

    async def all_of_them():
        return dict(zip(PROOFS, await asyncio.gather(*(prove(folder, name) for name in PROOFS)), strict=True))

    found = asyncio.run(all_of_them())
    for name in PROOFS:
        for _ in range(3):
            if is_open(name, found[name][0]):
                found[name] = asyncio.run(prove(folder, name))
    return found


@pytest.mark.parametrize(
    ("name", "promise", "told"),
    [("late", "ws_latency", "p99 "), ("lossy", "ws_reach", "updates missed"), ("failing", "api_errors", "500")],
)
def test_an_injected_fault_turns_the_report_red_by_the_right_name(proofs, name, promise, told):
    promises, page, out = proofs[name]
    assert promises[promise]["verdict"] == "missed", out
    assert told in promises[promise]["reasons"][0]
    if name == "late":
        assert promises[promise]["p50"] >= 150, "every message was 150 ms late; a meter that says less lies"
    others = [other for other in JUDGED if promises[other]["samples"] and other != promise]
    assert all(promises[other]["verdict"] == "met" for other in others), "only the broken promise may be blamed"
    assert "promises are not kept" in page


def test_a_platform_without_a_fault_is_not_accused(proofs):
    promises, _, out = proofs["right"]
    assert {name: promises[name]["verdict"] for name in JUDGED} == dict.fromkeys(JUDGED, "met"), out


def test_what_was_not_run_is_red_and_says_so(proofs):
    promises, _, _ = proofs["failing"]
    assert (promises["page_load"]["verdict"], promises["page_load"]["reasons"]) == ("not measured", ["page: left out"])
