"""The whole smoke against a platform that is right, and against ones that are wrong in one way each."""

import asyncio
import json
import subprocess
import sys

import pytest

from ops.access import ROOT, Access
from services.contract.objectives import DEFAULT_PATH, load_objectives
from services.contract.tests.junit import accept
from services.contract.tests.standin import CLIENT_KEY, CONTROL_KEY, Faults, standin
from smoke.__main__ import main
from smoke.check import Outcome
from smoke.checks import flow
from smoke.platform import Platform
from smoke.runner import Exit, all_checks, exit_code, run_all

NEEDS_DOCKER = "exposure_containers"
HARMLESS = [check for check in all_checks() if not check.faults and not check.tls]


async def run(faults, timeout_seconds=30.0, only=None, **changes):
    async with standin(faults) as url:
        keys = {"client_key": CLIENT_KEY, "control_key": CONTROL_KEY}
        access = Access(url, **{**keys, **changes})
        wanted = only or [check.name for check in HARMLESS if check.name != NEEDS_DOCKER]
        checks = [check for check in all_checks() if check.name in wanted]
        async with Platform(access) as platform:
            return await run_all(checks, platform, timeout_seconds, lambda _: None)


def failed(results):
    return {result.check.name: result for result in results if result.outcome is Outcome.FAILED}


async def test_a_right_platform_passes_every_check():
    results = await run(Faults(), expected_release="r1-r1-r1-r1")
    assert not failed(results), failed(results)
    assert exit_code(results, timed_out=False) is Exit.PASSED


@pytest.mark.parametrize(
    ("faults", "check"),
    [
        (Faults(broken_asset=True), "web_page"),
        (Faults(missing_asset_is_page=True), "web_missing_asset"),
        (Faults(unhealthy=True), "api_health"),
        (Faults(error_share=1), "api_quotes"),
        (Faults(mixed_releases=True), "release"),
        (Faults(slow_greeting_ms=1500), "ws_connect"),
        (Faults(mute_echo=True), "pubsub"),
        (Faults(mute_probe=True), "e2e_flow"),
        (Faults(shows_probe=True), "e2e_flow"),
        (Faults(config={"VITE_GEMINI_API_KEY": "x"}), "exposure_secrets"),
        (Faults(leaks=CONTROL_KEY), "exposure_secrets"),
        (Faults(no_headers=True), "headers_on_answers"),
        (Faults(no_headers=True), "headers_on_errors"),
        (Faults(no_headers=True), "headers_on_500"),
    ],
)
async def test_a_wrong_platform_fails_the_check_that_watches_it(faults, check):
    results = await run(faults, only=[check])
    assert set(failed(results)) == {check}, "a smoke that stays green here proves nothing"
    told = failed(results)[check]
    assert told.expected, "a failure must say what was expected"
    assert told.got, "a failure must say what was got"
    assert CONTROL_KEY not in f"{told.expected}{told.got}{told.last_error}", "a report must not print a key"


async def test_prices_that_stand_still_fail_unless_the_market_is_closed(monkeypatch):
    monkeypatch.setattr(flow, "MOVES_SECONDS", 0.5)
    told = failed(await run(Faults(stands_still=True), only=["prices_move"]))["prices_move"]
    assert told.got == "none; the market is open, the source None"
    assert not failed(await run(Faults(stands_still=True, market={"session": "closed", "status": "live"}), only=["prices_move"]))
    simulated = Faults(stands_still=True, market={"session": "closed", "status": "simulated"})
    assert failed(await run(simulated, only=["prices_move"])), "what is made up has no closing time"


async def test_another_release_than_the_expected_one_fails():
    results = await run(Faults(), only=["release"], expected_release="r2-r1-r1-r1")
    assert "r1" in failed(results)["release"].got


@pytest.mark.parametrize(("missing", "check"), [("control_key", "pubsub"), ("control_key", "e2e_flow")])
async def test_a_missing_key_is_a_failure_and_never_a_skip(missing, check):
    results = await run(Faults(), only=[check], **{missing: None})
    assert "--control-key-file" in failed(results)[check].got, "the reader must know which option to give"


async def test_a_wrong_control_key_fails_the_signed_checks():
    results = await run(Faults(), only=["pubsub"], control_key="another")
    assert "401" in failed(results)["pubsub"].got


async def test_when_the_time_is_over_the_rest_is_not_run_and_the_code_says_so():
    results = await run(Faults(answers_nothing=True), timeout_seconds=0.3)
    assert results[-1].outcome is Outcome.NOT_RUN
    assert exit_code(results, timed_out=True) is Exit.TIMED_OUT


async def command(url, tmp_path, *words):
    for name, key in (("client", CLIENT_KEY), ("control", CONTROL_KEY)):
        (tmp_path / name).write_text(key)
    keys = ["--client-key-file", str(tmp_path / "client"), "--control-key-file", str(tmp_path / "control")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "smoke", "--base-url", url, *keys, *words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_tells_writes_its_files_and_prints_no_key(tmp_path):
    async with standin() as url:
        files = ["--junit", str(tmp_path / "o/s.xml"), "--json", str(tmp_path / "o/s.json")]
        code, out, err = await command(url, tmp_path, *files, "--skip", NEEDS_DOCKER)
    assert (code, err) == (0, ""), out
    assert NEEDS_DOCKER in out, "what was left out must be said"
    cases = accept((tmp_path / "o/s.xml").read_text()).findall("testsuite/testcase")
    written = json.loads((tmp_path / "o/s.json").read_text())
    assert len(cases) == len(written["checks"]) == len(HARMLESS) - 1
    everything = out + (tmp_path / "o/s.xml").read_text() + (tmp_path / "o/s.json").read_text()
    assert CLIENT_KEY not in everything
    assert CONTROL_KEY not in everything


async def test_a_failure_prints_the_command_that_repeats_only_this_check(tmp_path):
    async with standin(Faults(mute_echo=True)) as url:
        code, out, _ = await command(url, tmp_path, "--skip", NEEDS_DOCKER)
        repeat = next(line for line in out.splitlines() if line.strip().startswith("repeat"))
        again, out_again, _ = await command(url, tmp_path, "--only", repeat.split("--only ")[1])
    assert code == 1
    assert again == 1
    assert "0/1 ok" in out_again, "repeating must run exactly the check that failed"


@pytest.mark.parametrize(
    ("faults", "words", "code", "told"),
    [
        (Faults(), [], 0, "passed (exit 0)"),
        (Faults(half_started=True), [], 1, "got       503"),
        (Faults(), ["--expect-release", "r2-r1-r1-r1"], 1, "got       r1-r1-r1-r1"),
        (Faults(answers_nothing=True), ["--timeout", "1"], 4, "not run"),
    ],
    ids=["healthy", "half-started", "another release", "silent"],
)
async def test_each_state_of_a_platform_has_its_exit_code_and_a_report_ci_can_read(tmp_path, faults, words, code, told):
    async with standin(faults) as url:
        found, out, _ = await command(url, tmp_path, *words, "--skip", NEEDS_DOCKER, "--junit", str(tmp_path / "s.xml"))
    assert found == code, out
    assert told in out
    suite = accept((tmp_path / "s.xml").read_text()).find("testsuite")
    assert suite is not None
    red = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    assert (red > 0) == (code != 0), "the file and the exit code must say the same"


async def test_a_failure_says_what_was_expected_and_got_and_the_last_error(tmp_path):
    async with standin(Faults(half_started=True)) as url:
        _, out, _ = await command(url, tmp_path, "--only", "ws_connect")
    assert "expected  a socket to ws://" in out
    assert "got       InvalidStatus" in out
    assert "error     InvalidStatus: server rejected WebSocket connection: HTTP 503" in out
    assert "--only ws_connect" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "--base-url"),
        (["--base-url", "localhost:8080"], 2, "expected http://"),
        (["--base-url", "http://127.0.0.1:1", "--only", "nothing"], 2, "ws_connect"),
        (["--base-url", "http://127.0.0.1:1", "--timeout", "0"], 2, "above 0"),
        (["--base-url", "http://127.0.0.1:1", "--watch", "5", "--faults"], 2, "leave --faults out"),
        (["--base-url", "https://127.0.0.1:1", "--ca-file", "/nowhere"], 2, "/nowhere"),
        (["--base-url", "http://127.0.0.1:1", "--control-key-file", "/nowhere"], 2, "/nowhere"),
        (["--base-url", "http://127.0.0.1:1"], 3, "Connect"),
    ],
)
def test_usage_and_an_absent_platform_have_their_own_codes(monkeypatch, capsys, words, code, told):
    for name in ("URL", "STACK", "CLIENT_KEY_FILE", "CONTROL_KEY_FILE", "EXPECT_RELEASE"):
        monkeypatch.delenv(f"STOCK_TRACKER_{name}", raising=False)
    assert main(words) == code
    assert told in capsys.readouterr().err


def test_a_wrong_file_of_promises_is_one_sentence_and_exit_two(monkeypatch, capsys, tmp_path):
    (tmp_path / "objectives.toml").write_text("[[objective]\n")
    monkeypatch.setattr(load_objectives, "__defaults__", (tmp_path / "objectives.toml",))
    assert main(["--base-url", "http://127.0.0.1:1"]) == 2
    told = capsys.readouterr().err
    assert "is not TOML" in told
    assert told.count("\n") == 1, "one clear error"


def test_a_promise_that_a_check_measures_must_be_in_the_file(monkeypatch, capsys, tmp_path):
    text = DEFAULT_PATH.read_text().replace('id = "ws_connect"', 'id = "ws_greeting"')
    (tmp_path / "objectives.toml").write_text(text)
    monkeypatch.setattr(load_objectives, "__defaults__", (tmp_path / "objectives.toml",))
    assert main(["--base-url", "http://127.0.0.1:1"]) == 2
    assert "no promise 'ws_connect', which smoke check ws_connect measures" in capsys.readouterr().err


def test_a_promised_time_is_the_limit_of_its_check():
    (greeting,) = [check for check in all_checks() if check.name == "ws_connect"]
    assert greeting.limit_ms == load_objectives()["ws_connect"].limit
