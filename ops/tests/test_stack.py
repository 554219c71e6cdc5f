"""One stack from nothing to nothing, in a copy of the checkout: each test goes on from the one before.

What is promised here: one command brings everything up in the order of real health; a second one changes nothing; what is
removed by hand, interrupted or killed is repaired; no secret shows; new code rolls without a failed request; wrong input
changes nothing; at the end nothing is left.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter

import docker
import httpx
import pytest
from pulumi import automation

from ops.access import ROOT
from ops.inventory import KINDS, SERVICE, Inventory
from ops.tests.canary import engine_places, scan
from ops.tests.checkout import Checkout, copy_checkout, free_port
from ops.tests.prober import probing

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
STACK_NAME = "stacktest"
ORDER = ["redis", "database", "migration", "api", "ws", "web", "edge"]
REPLICAS = {"redis": 1, "database": 1, "migration": 1, "api": 2, "ws": 2, "web": 1, "edge": 1}
READY_SECONDS, UNCHANGED_SECONDS = 180, 60
"""Far above what a calm machine takes (printed): they catch a rebuild, not a slow neighbour."""


@pytest.fixture(scope="module")
def engine():
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, engine):
    made = copy_checkout(tmp_path_factory.mktemp("stock tracker"), STACK_NAME)  # a blank in the path, as people have
    yield made
    if (made.folder / ".venv").exists():
        made.pulumi("cancel", "--yes")
        made.ops("down")
    leftovers = [
        thing for thing in Inventory().of_stack(f"stock-tracker/{STACK_NAME}") if thing.owner.startswith("stock-tracker")
    ]
    for thing in leftovers:
        getattr(engine, f"{thing.kind}s").get(thing.id).remove(**({"force": True} if thing.kind == "container" else {}))
    assert not leftovers, f"left behind: {[thing.name for thing in leftovers]}"


@pytest.fixture(scope="module")
def up_once(checkout):
    """What the first `up` did, by Pulumi's official Automation API: events in their order."""
    began = time.monotonic()
    done = checkout.run("tools/bootstrap")
    assert done.returncode == 0, done.stdout
    ready_seconds = time.monotonic() - began
    checkout.configure(port=free_port(), keepData="false", webReplicas=1)
    events: list[automation.EngineEvent] = []
    with pytest.MonkeyPatch.context() as shell:
        for line in checkout.run("sh", "-c", 'eval "$(./pulumiw env)" && env').stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith("PULUMI_") or name == "PATH":
                shell.setenv(name, value)
        stack = automation.select_stack(STACK_NAME, work_dir=str(checkout.folder))
        result = stack.up(on_event=events.append)
    return {"events": events, "result": result, "ready_seconds": ready_seconds, "outputs": result.outputs}


@pytest.fixture
def url(up_once):
    return up_once["outputs"]["url"].value


def containers(engine):
    return engine.containers.list(all=True, filters={"label": f"stk.stack=stock-tracker/{STACK_NAME}"})


def by_service(engine):
    found: dict[str, set[str]] = {}
    for container in containers(engine):
        found.setdefault(container.labels[SERVICE], set()).add(container.id)
    return found


def volumes(engine):
    """Name and time of making: a volume that was made anew has lost its data."""
    found = engine.volumes.list(filters={"label": f"stk.stack=stock-tracker/{STACK_NAME}"})
    return {volume.name: volume.attrs["CreatedAt"] for volume in found}


def counts(engine):
    return dict(Counter(container.labels[SERVICE] for container in containers(engine)))


def test_a_second_checkout_on_a_machine_is_ready_in_under_a_minute(up_once):
    print(f"\nready in {up_once['ready_seconds']:.1f} s")
    assert up_once["ready_seconds"] < READY_SECONDS, "nothing may be built again for a second checkout"


def test_the_automation_api_brings_everything_up_healthy(up_once, engine):
    assert up_once["result"].summary.result == "succeeded"
    assert set(up_once["outputs"]) == {"url", "apiUrl", "wsUrl", "images", "release"}
    assert counts(engine) == REPLICAS
    for container in containers(engine):
        health = container.attrs["State"].get("Health", {}).get("Status")
        if container.labels[SERVICE] == "migration":
            assert container.attrs["State"]["ExitCode"] == 0
        else:
            assert health == "healthy", f"{container.name} is {health}"


def test_each_part_began_only_when_what_it_needs_was_healthy(up_once):
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    for number, event in enumerate(up_once["events"]):
        for moment, kind in ((began, event.resource_pre_event), (ended, event.res_outputs_event)):
            if kind and kind.metadata.type == KINDS["container"]:
                moment[kind.metadata.urn.rpartition("::")[2]] = number

    def of(moment, service):
        return [at for name, at in moment.items() if re.fullmatch(rf"stock-tracker-{STACK_NAME}-{service}(-\d)?", name)]

    for service, needed in (("migration", "database"), ("api", "migration"), ("api", "redis"), ("ws", "api"), ("web", "ws"),
                            ("edge", "web"), ("edge", "api"), ("edge", "ws")):  # fmt: skip
        assert of(began, service), f"{service} never began"
        assert min(of(began, service)) > max(of(ended, needed)), f"{service} began before {needed} was ready"


def test_a_second_up_changes_nothing_and_is_quick(checkout, up_once, engine):
    before = by_service(engine)
    began = time.monotonic()
    done = checkout.ops("up")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout
    assert "no changes" in done.stdout
    assert "20/20 ok" in done.stdout or re.search(r"(\d+)/\1 ok", done.stdout), "the platform must be checked from outside"
    for part in ("page", "API", "socket", "release", "make down"):
        assert part in done.stdout, "who brought it up must see where it is and what to type next"
    assert by_service(engine) == before
    print(f"\nsecond up, nothing changed: {took:.1f} s")
    assert took < UNCHANGED_SECONDS, f"{took:.1f} s\n{done.stdout}"


def test_preview_and_refresh_find_nothing(checkout, up_once):
    preview = checkout.pulumi("preview", "--expect-no-changes")
    assert preview.returncode == 0, preview.stdout
    refresh = checkout.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refresh.returncode == 0, refresh.stdout


def test_status_is_whole(checkout, up_once):
    done = checkout.ops("status")
    assert done.returncode == 0, done.stdout
    assert "whole" in done.stdout


@pytest.mark.browser
def test_a_price_changes_in_a_real_browser(up_once, url):
    subprocess.run(["tools/web-packages"], cwd=ROOT, check=True, capture_output=True)
    environment = {**os.environ, "BASE_URL": url}
    command = [str(ROOT / ".venv/bin/node"), "e2e/price-changes.mjs"]
    done = subprocess.run(command, cwd=ROOT / "web", env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"\n{done.stdout.strip()}")


def test_a_thousand_sockets_and_a_hundred_callers_for_a_short_time(checkout, up_once, capsys):
    options = ["--headless", "--only-summary", "--profile", "short", "--stack", STACK_NAME]
    done = checkout.run(".venv/bin/locust", "-f", "loadtests/locustfile.py", *options)
    with capsys.disabled():
        print("\n" + "\n".join(line for line in done.stdout.splitlines() if re.match(r"S\d{3} |inconclusive|    ", line)))
    # 4: the meter shares its cores with the platform and cannot vouch for a time; errors, closes and reach are judged anyway.
    assert done.returncode in (0, 4), done.stdout


def test_no_secret_shows_anywhere_and_a_planted_one_is_found(checkout, up_once, engine, url):
    secrets = {
        key: checkout.pulumi("config", "get", key).stdout.strip()
        for key in ("redisPassword", "postgresPassword", "controlKey", "clientKey")
    }
    assert all(len(secret) > 20 for secret in secrets.values()), "the scan must have something to look for"
    places = [*engine_places(engine, f"stock-tracker/{STACK_NAME}"), *served(engine, url)]
    places.append(("exported state", checkout.pulumi("stack", "export").stdout.encode()))
    places += [(str(file), file.read_bytes()) for file in (checkout.folder / ".pulumi").rglob("*") if file.is_file()]
    assert len(places) > 40, [place for place, _ in places]
    assert scan(secrets, places) == []

    plain = next(iter(secrets.values()))
    planted = engine.containers.create(
        by_id(engine, "edge").attrs["Image"], environment={"X": plain}, labels={"stk.stack": "stock-tracker/planted"}
    )
    try:
        assert scan(secrets, engine_places(engine, "stock-tracker/planted")), "a scan that misses this proves nothing"
    finally:
        planted.remove()


def by_id(engine, service):
    return next(container for container in containers(engine) if container.labels[SERVICE] == service)


def served(engine, url):
    """Every file of the page and every open answer, as the edge serves it; and what it says about what is wrong."""
    files = by_id(engine, "web").exec_run(["find", "/srv/page", "-type", "f"]).output.decode().split()
    assert any(name.endswith(".js") for name in files)
    paths = [name.removeprefix("/srv/page") for name in files] + [
        "/", "/config.json", "/api/health", "/api/health/ready", "/ws/health", "/edge/health", "/api/v1/quotes",
        "/api/v1/nothing", "/api/v1/quotes/%00", "/openapi.json", "/api/openapi.json", "/metrics", "/ws",
    ]  # fmt: skip
    for path in paths:
        answer = httpx.get(f"{url}{path}", headers={"Accept-Encoding": "identity"})
        yield f"GET {path}", answer.content + json.dumps(dict(answer.headers)).encode()


def test_a_container_removed_by_hand_comes_back(checkout, up_once, engine):
    by_id(engine, "ws").remove(force=True)
    broken = checkout.ops("status")
    assert broken.returncode == 1, "status must see it"
    assert "gone" in broken.stdout
    done = checkout.ops("up", "--no-smoke")
    assert done.returncode == 0, done.stdout
    assert "1 change " in done.stdout, done.stdout
    assert counts(engine) == REPLICAS


def test_new_code_of_one_service_replaces_only_that_one_and_nobody_notices(checkout, up_once, engine, url):
    before = by_service(engine)
    source = checkout.folder / "services/api/__main__.py"
    source.write_text(source.read_text() + "\n# another release\n")
    with probing(url, "/api/v1/quotes", "/", "/ws/health") as probes:
        done = checkout.ops("up")
    assert done.returncode == 0, done.stdout
    after = by_service(engine)
    assert not before["api"] & after["api"], "the new code must run"
    unchanged = set(ORDER) - {"api", "migration"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}, "nothing else may restart"
    assert probes.failures == [], f"{len(probes.failures)} of {sum(probes.answered.values())} requests failed"
    assert min(probes.answered.values()) > 50, "the prober must have asked"
    print(f"\n{probes.answered}, slowest {probes.slowest_ms:.0f} ms")


def test_a_failed_migration_leaves_the_old_version_serving_and_is_run_again(checkout, up_once, engine, url):
    before = by_service(engine)
    source = checkout.folder / "services/api/migrate.py"
    good = source.read_text()
    source.write_text('raise SystemExit("relation quotes is missing")\n')
    failed = checkout.ops("up")
    assert failed.returncode == 1
    assert "the migration failed (exit code 1)" in failed.stdout, failed.stdout
    assert "relation quotes is missing" in failed.stdout, "the reason must be where the failure is"
    assert "Traceback" not in failed.stdout
    assert by_service(engine)["api"] == before["api"], "the old version must go on"
    assert httpx.get(f"{url}/api/v1/quotes").status_code == 200
    again = checkout.ops("up")
    assert again.returncode == 1, "the next up must not take the failed job for done"
    assert by_service(engine)["api"] == before["api"]
    source.write_text(good)
    repaired = checkout.ops("up", "--no-smoke")
    assert repaired.returncode == 0, repaired.stdout
    assert counts(engine) == REPLICAS


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("wsReplicas", "two", "wsReplicas: got 'two', expected a whole number from 1 to 20"),
        ("wsReplica", "2", "wsReplica: unknown key; did you mean wsReplicas?"),
        ("VITE_GEMINI_API_KEY", "x", "would be public in every browser"),
        ("target", "swarm", "cannot deploy to yet"),
    ],
)
def test_a_wrong_setting_changes_nothing_and_is_said_once(checkout, up_once, engine, key, value, expected):
    before = by_service(engine)
    checkout.configure(**{key: value})
    try:
        for done in (checkout.ops("up"), checkout.pulumi("up", "--yes", "--skip-preview")):
            assert done.returncode != 0
            assert expected in done.stdout, done.stdout
            assert "./pulumiw config" in done.stdout, "the next command must be there"
            assert "Traceback" not in done.stdout, done.stdout
    finally:
        assert checkout.pulumi("config", "rm", key).returncode == 0
    assert by_service(engine) == before


def test_a_taken_port_is_found_before_anything_is_made(checkout, up_once, engine):
    before, old = by_service(engine), checkout.pulumi("config", "get", "port").stdout.strip()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        checkout.configure(port=port)
        done = checkout.ops("up")
    checkout.configure(port=old)
    assert done.returncode == 2
    assert f"Port {port} is used by" in done.stdout
    assert "pytest" in done.stdout, f"by whom must be said: {done.stdout}"
    assert "pulumiw config set port" in done.stdout
    assert by_service(engine) == before


def test_without_docker_there_is_one_clear_error(checkout, up_once):
    done = checkout.ops("up", DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert done.returncode == 2
    assert "Cannot reach Docker at unix:///nonexistent/docker.sock" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_wrong_passphrase_changes_nothing(checkout, up_once, engine, tmp_path):
    before = by_service(engine)
    (tmp_path / "passphrase").write_text("another one")
    wrong = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    for command in (["make", "up"], [".venv/bin/python", "-m", "ops", "up"]):
        done = checkout.run(*command, **wrong)
        assert done.returncode != 0
        assert "passphrase" in done.stdout, done.stdout
        assert "Traceback" not in done.stdout
    assert by_service(engine) == before


DAY = "2026-01-05"
HEAD = "timestamp,symbol,open,high,low,close,volume\n"
GOOD = f"{DAY}T09:15:00+05:30,RELIANCE,100,101,99,100.5,10\n{DAY}T09:16:00+05:30,RELIANCE,100.5,102,100,101,20\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD.replace(",volume", "") + GOOD.replace(",10\n", "\n").replace(",20\n", "\n"), "volume"),
        (HEAD + GOOD.replace(",101,99", ",NaN,99"), "high"),
        (HEAD + "".join(reversed(GOOD.splitlines(keepends=True))), "sorted"),
    ],
    ids=["missing column", "NaN price", "unsorted"],
)
def test_a_broken_day_is_refused_before_the_settings_are_touched(checkout, up_once, engine, tmp_path, content, said):
    before, settings = by_service(engine), (checkout.folder / f"Pulumi.{STACK_NAME}.yaml").read_bytes()
    (tmp_path / f"{DAY}.csv").write_text(content)
    done = checkout.ops("replay", DAY, "60", STOCK_TRACKER_MARKET_DATA=str(tmp_path))
    assert done.returncode == 2
    assert f"{DAY} cannot be played" in done.stdout
    assert said in done.stdout, done.stdout
    assert (checkout.folder / f"Pulumi.{STACK_NAME}.yaml").read_bytes() == settings
    assert by_service(engine) == before


def test_a_recorded_day_runs_to_its_last_bar(checkout, up_once, url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    (folder / f"{DAY}.csv").write_text(HEAD + GOOD)
    (folder / "prev-close.csv").write_text(f"date,symbol,prev_close,source\n{DAY},RELIANCE,99,test\n")
    folder.chmod(0o755)
    done = checkout.ops("replay", DAY, "max", "--no-smoke", STOCK_TRACKER_MARKET_DATA=str(folder))
    assert done.returncode == 0, done.stdout
    deadline = time.monotonic() + 20
    data: dict[str, object] = {}
    while data.get("volume") != 30 and time.monotonic() < deadline:
        data = httpx.get(f"{url}/api/v1/quotes/RELIANCE").json()["data"]
        time.sleep(0.2)
    wanted = {"open": 100, "dayHigh": 102, "dayLow": 99, "price": 101, "volume": 30, "previousClose": 99, "source": "replay"}
    assert {key: data.get(key) for key in wanted} == wanted, "what the file says must be what is served"
    assert checkout.pulumi("config", "set", "source", "simulated").returncode == 0


def test_another_checkout_with_the_same_stack_name_is_told_and_touches_nothing(checkout, up_once, engine):
    other = Checkout(ROOT, STACK_NAME)
    before = by_service(engine), volumes(engine)
    assert other.run("tools/bootstrap").returncode == 0
    try:
        done = other.ops("up")
    finally:
        other.pulumi("stack", "rm", "--yes", "--force")
        (ROOT / f"Pulumi.{STACK_NAME}.yaml").unlink(missing_ok=True)
    assert done.returncode == 2
    assert "in use on this engine by checkout" in done.stdout, done.stdout
    assert "config set port" in done.stdout, "how to choose others must be said"
    assert (by_service(engine), volumes(engine)) == before


class Interruption:
    """Moments of an update that replaces API and sockets (another default symbol is another environment)."""

    @staticmethod
    def at_once(checkout, engine, before):
        return lambda: bool(list(checkout.stack.locks().glob("*.json")))

    @staticmethod
    def while_the_new_api_starts(checkout, engine, before):
        return lambda: bool(by_service(engine)["api"] - before["api"])

    @staticmethod
    def while_the_new_sockets_start(checkout, engine, before):
        return lambda: bool(by_service(engine)["ws"] - before["ws"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
@pytest.mark.parametrize("moment", ["at_once", "while_the_new_api_starts", "while_the_new_sockets_start"])
def test_an_interrupted_up_is_finished_by_the_next_one(checkout, up_once, engine, url, moment, number):
    before, data = by_service(engine), volumes(engine)
    checkout.configure(defaultSymbols=f"RELIANCE,TCS,INFY,X{int(time.time())}"[:40])
    at = getattr(Interruption, moment)(checkout, engine, before)
    code, said = checkout.up_interrupted(at, number)
    assert code != 0, said
    if number is signal.SIGKILL and moment == "at_once":
        plain = checkout.pulumi("up", "--yes", "--skip-preview")
        assert "locked" in plain.stdout, "plain pulumi must refuse"
        assert "pulumi cancel" in plain.stdout, "and say how to go on"
    if number is signal.SIGINT:
        assert code == 130, said
    assert httpx.get(f"{url}/api/v1/quotes").status_code == 200, "what ran must run on"
    done = checkout.ops("up", "--no-smoke")
    assert done.returncode == 0, done.stdout
    if number is signal.SIGKILL:
        assert "released the stack" in done.stdout
    assert counts(engine) == REPLICAS, f"an orphan or a gap:\n{done.stdout}"
    state = checkout.stack.state()
    assert {container.id for container in containers(engine)} == state.ids(KINDS["container"])
    assert not state.pending
    assert volumes(engine) == data, "no volume may be touched"


def test_down_leaves_the_data_and_says_so_and_without_it_nothing(checkout, up_once, engine):
    checkout.configure(keepData="true")
    assert checkout.ops("up", "--no-smoke").returncode == 0
    down = checkout.ops("down")
    assert down.returncode == 0, down.stdout
    data = {f"stock-tracker-{STACK_NAME}-redis-data", f"stock-tracker-{STACK_NAME}-database-data"}
    assert set(volumes(engine)) == data, "data must outlive the stack"
    [command] = re.findall(r"docker volume rm .*", down.stdout)
    subprocess.run(command.split(), check=True, capture_output=True)
    assert Inventory().of_stack(f"stock-tracker/{STACK_NAME}") == [], "nothing may be left"
    assert checkout.pulumi("stack", "rm", "--yes").returncode == 0
