"""Plain Locust against a stand-in that keeps the promises, and ones that break one each: red each time, for the right reason."""

import asyncio
import json
import subprocess
import sys

import pytest

from ops.access import ROOT
from services.contract.tests.standin import CLIENT_KEY

pytestmark = [pytest.mark.load, pytest.mark.timeout(240)]
LIGHT = ["--at-most-users", "30", "--hold-seconds", "4"]


async def load(tmp_path, faults, profile, *words):
    """Exit code, what was printed, promises by id. The stand-in is its own process: it must not share our loop."""
    (tmp_path / "key").write_text(CLIENT_KEY)
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.contract.tests.standin", "0", json.dumps(faults),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert serving.stdout
        url = (await serving.stdout.readline()).decode().strip()
        code, out = await locust(tmp_path, profile, "--base-url", url, *(words or LIGHT))
    finally:
        assert serving.stdin
        serving.stdin.close()
        await serving.wait()
    data = json.loads((tmp_path / "result.json").read_text())
    return code, out, {promise["id"]: promise for promise in data["promises"]}


async def locust(tmp_path, profile, *words):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary", "--profile", profile,
        "--client-key-file", str(tmp_path / "key"), "--results", str(tmp_path / "result.json"), *words,
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def load_until_conclusive(tmp_path, faults, profile, promise):
    """A starved machine makes the meter say nothing; then it is asked again, three times at most."""
    for _ in range(3):
        code, out, promises = await load(tmp_path, faults, profile)
        if promises[promise]["verdict"] != "inconclusive":
            break
    return code, out, promises


async def test_a_good_platform_is_green_in_both_promises(tmp_path):
    code, out, promises = await load_until_conclusive(tmp_path, {}, "promises", "ws_latency")
    assert {promise["verdict"] for promise in promises.values()} == {"met"}, out
    assert code == 0
    assert "lighter than promised" in out, "30 users must not pass for 1000"


@pytest.mark.parametrize(
    ("faults", "profile", "promise", "told"),
    [
        ({"late_ms": 150}, "ws1000", "ws_latency", "p99 "),
        ({"drop": 0.01, "updates_per_second": 10}, "ws1000", "ws_reach", "updates missed"),
        ({"close_after_seconds": 4}, "ws1000", "ws_closes", "closed by the server with 1012"),
        ({"error_share": 0.05}, "api100", "api_errors", "500"),
    ],
)
async def test_a_broken_promise_turns_the_gate_red_and_is_named(tmp_path, faults, profile, promise, told):
    code, out, promises = await load_until_conclusive(tmp_path, faults, profile, promise)
    assert promises[promise]["verdict"] == "missed", out
    assert told in promises[promise]["reasons"][0]
    if promise == "ws_latency":
        assert promises[promise]["p50"] >= 150, "every message was 150 ms late; a meter that says less lies"
    assert code == 1


async def test_a_source_slower_than_promised_is_no_proof(tmp_path):
    code, out, promises = await load(tmp_path, {"updates_per_second": 0.5}, "ws1000")
    assert promises["ws_reach"]["verdict"] == "inconclusive", out
    assert any("updates per symbol and second, not 1" in reason for reason in promises["ws_reach"]["reasons"])
    assert code == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--base-url", "http://127.0.0.1:1"], "Is it up?"),
        (["--base-url", "https://127.0.0.1:1"], "through TLS"),
        (["--base-url", "nowhere"], "expected http://"),
        (["--base-url", "http://127.0.0.1:1", "--at-most-users", "0"], "above 0"),
    ],
)
async def test_wrong_configuration_ends_with_two_and_one_sentence(tmp_path, words, told):
    (tmp_path / "key").write_text("x")
    code, out = await locust(tmp_path, "ws1000", *words)
    assert code == 2, out
    assert told in out
    assert "Traceback" not in out


async def test_an_unknown_profile_names_those_there_are(tmp_path):
    (tmp_path / "key").write_text("x")
    code, out = await locust(tmp_path, "ws100", "--base-url", "http://127.0.0.1:1")
    assert (code, "ws1000" in out) == (2, True)
