"""Containers on a real engine: every property that acts, waits, drift, changes in place, and what failures leave behind."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugins.resource_docker.container import Container, joined_streams
from plugins.resource_docker.errors import DockerError, HalfMadeError
from plugins.resource_docker.network import Network
from plugins.resource_docker.volume import Volume

pytestmark = pytest.mark.engine
HEALTHY = {"tests": ["CMD", "true"], "interval": "1s", "timeout": "1s"}
SICK = {"tests": ["CMD", "false"], "interval": "1s", "timeout": "1s", "retries": 1}


def inspect(context, made):
    return context.engine.json("GET", f"/containers/{made.id}/json")


def refreshed(context, made):
    return Container().read(context, made.id, made.outputs, made.inputs)


def test_a_container_has_every_output_and_stays_as_it_is(context, container):
    made = container(envs=["B=2", "A=1"], labels=[{"label": "a", "value": "1"}], user="1000:1000", healthcheck=HEALTHY)
    assert set(made.outputs) == {*Container.fields, "id"}, "a state without a field is a change for the official provider"
    assert made.outputs["envs"] == ["A=1", "B=2"], "sets have one order"
    found = refreshed(context, made)
    assert not Container().diff(made.outputs, made.inputs).changed, "a second run must be quiet"
    assert not Container().diff(found.outputs, found.inputs).changed, "and one after a refresh"


def test_uploads_mounts_tmpfs_and_limits_are_inside(context, made, container, name):
    made(Volume(), {"name": name})
    job = container(
        command=[
            "sh",
            "-c",
            "cat /run/secrets/a /etc/b; stat -c '%a %u' /run/secrets/a; mount | grep -c -e /data -e /scratch; ulimit -n",
        ],
        uploads=[
            {"file": "/run/secrets/a", "content": "one\n", "permissions": "0444"},
            {"file": "/etc/b", "contentBase64": "dHdvCg=="},
        ],
        mounts=[{"type": "volume", "source": name, "target": "/data"}, {"type": "tmpfs", "target": "/scratch"}],
        ulimits=[{"name": "nofile", "soft": 512, "hard": 1024}],
        attach=True,
        logs=True,
        mustRun=False,
    )
    assert job.outputs["containerLogs"].split("\n")[:5] == ["one", "two", "444 0", "2", "512"], job.outputs["containerLogs"]
    assert job.outputs["exitCode"] == 0, "a program may ask how the job ended"


def test_a_container_whose_command_ends_at_once_is_seen_ended(container):
    made = container(command=["true"])
    assert (made.outputs["mustRun"], made.outputs["exitCode"]) == (False, 0), "the next run starts it again, as officially"


def test_a_one_shot_that_fails_is_a_success_with_its_code(container):
    job = container(command=["sh", "-c", "exit 3"], attach=True, mustRun=False)
    assert job.outputs["exitCode"] == 3, "the program decides what that means"
    assert job.outputs["mustRun"] is False, "it is not expected to run"


def test_ports_that_docker_chooses_are_told(context, container):
    made = container(ports=[{"internal": 80, "ip": "127.0.0.1"}])
    [port] = made.outputs["ports"]
    assert port["external"] > 1024, port
    assert not Container().diff(made.outputs, made.inputs).changed, "the chosen port is no change"


def test_networks_are_joined_with_aliases_and_bridge_is_left(context, made, container, name):
    made(Network(), {"name": name, "ipamDriver": "default"})
    joined = container(networksAdvanced=[{"name": name, "aliases": ["api", "backend"]}])
    networks = inspect(context, joined)["NetworkSettings"]["Networks"]
    assert list(networks) == [name], "a container of an internal network must not be on the bridge, too"
    assert {"api", "backend"} <= set(networks[name]["Aliases"]), networks
    assert joined.outputs["networkDatas"][0]["networkName"] == name, joined.outputs["networkDatas"]


def test_waiting_for_health_ends_when_it_is_there(context, container):
    made = container(healthcheck=HEALTHY, wait=True, waitTimeout=20)
    assert inspect(context, made)["State"]["Health"]["Status"] == "healthy", "what depends on it may start now"


def test_a_container_that_does_not_get_healthy_stays_and_is_told(context, container):
    started = time.monotonic()
    with pytest.raises(HalfMadeError, match="was not healthy after 3 s") as caught:
        container(healthcheck=SICK, wait=True, waitTimeout=3)
    assert time.monotonic() - started < 15, "the limit is the program's"
    assert context.engine.json("GET", f"/containers/{caught.value.id}/json")["State"]["Running"], "a person may look into it"
    assert caught.value.outputs["healthcheck"]["tests"] == ["CMD", "false"], "the state keeps what was asked for"
    assert caught.value.outputs["hostname"] is None, "and nothing it does not know"


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"healthcheck": SICK, "wait": True, "waitTimeout": 60}, r"was not healthy after \d s"),
        ({"command": ["sleep", "60"], "attach": True, "mustRun": False}, r"had not ended after \d s"),
    ],
)
def test_a_custom_timeout_ends_every_wait(context, container, inputs, said):
    context.deadline = time.monotonic() + 4
    with pytest.raises(HalfMadeError, match=said):
        container(**inputs)
    assert time.monotonic() < context.deadline + 10, "the wait would have been a minute"
    context.deadline = time.monotonic() + 60  # for its removal


def test_waiting_without_a_healthcheck_is_told(container):
    with pytest.raises(HalfMadeError, match="wait set but no healthcheck"):
        container(wait=True)


def test_a_taken_port_leaves_a_container_that_is_kept_in_the_state(container):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HalfMadeError, match=f"could not be started.*{port}"):
            container(ports=[{"internal": 80, "external": port, "ip": "127.0.0.1"}])


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": ["sleep", ""]}, "may not be empty"),
        ({"image": "sha256:" + "0" * 64}, "cannot be pulled"),
        ({"image": ""}, "name of the image is empty"),
        ({"cpus": "many"}, "cpus"),
        ({"cpus": "0.0123456789"}, "too precise"),
        ({"volumes": [{"readOnly": True}]}, "containerPath or fromContainer"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(context, container, name, inputs, said):
    with pytest.raises(DockerError, match=said):
        container(**inputs)
    names = [each["Names"][0] for each in context.engine.json("GET", "/containers/json", params={"all": "1"})]
    assert f"/{name}-0" not in names, "a failure before creation must leave nothing"


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        ({"file": "/x"}, "exactly one of content"),
        ({"file": "/x", "content": "a", "contentBase64": "YQ=="}, "exactly one of content"),
        ({"file": "/x", "source": "/no/such/file"}, "cannot read /no/such/file"),
    ],
)
def test_a_file_that_cannot_be_uploaded_leaves_a_container_that_never_started(context, container, upload, said):
    with pytest.raises(HalfMadeError, match=said) as failed:
        container(uploads=[upload])
    found = context.engine.json("GET", f"/containers/{failed.value.id}/json")
    assert found["State"]["Status"] == "created", "it is in the state, and the next run replaces it"


def test_docker_gets_dns_servers_in_the_official_order(context, container):
    found = inspect(context, container(start=False, dns=["1.0.0.1", "8.8.4.4", "8.8.8.8"]))
    assert found["HostConfig"]["Dns"] == ["8.8.4.4", "8.8.8.8", "1.0.0.1"], "the first one is asked first"


def test_half_a_cpu_may_be_a_fraction(context, container):
    assert inspect(context, container(start=False, cpus="1/2"))["HostConfig"]["NanoCpus"] == 500_000_000, "as officially"


def test_a_taken_name_is_told(context, container, name):
    container(name=f"{name}-x")
    with pytest.raises(DockerError, match=f"container {name}-x could not be made: .*already in use"):
        container(name=f"{name}-x")


def test_memory_and_restart_change_in_place(context, container):
    made = container(memory=64, memorySwap=64)
    inputs = {**made.inputs, "memory": 96, "memorySwap": 96, "restart": "always"}
    difference = Container().diff(made.outputs, inputs)
    assert not any(replaces for _, replaces in difference.changes.values()), difference.changes
    outputs = Container().update(context, made.id, made.outputs, inputs, preview=False)
    host = inspect(context, made)["HostConfig"]
    assert (host["Memory"] >> 20, host["RestartPolicy"]["Name"]) == (96, "always"), "Docker has the new limits"
    assert outputs["memory"] == 96, "and so has the state"


def test_a_change_that_docker_refuses_is_in_the_state_with_its_error(context, container):
    made = container(memory=64, memorySwap=64)
    inputs = {**made.inputs, "memory": 256}
    with pytest.raises(HalfMadeError, match=r"could not be changed: .*memoryswap") as failed:
        Container().update(context, made.id, made.outputs, inputs, preview=False)
    assert (failed.value.id, failed.value.outputs["memory"]) == (made.id, 256), "as the official provider leaves it"


def test_a_container_stopped_by_hand_is_seen_and_started_again(context, container):
    made = container()
    context.engine.json("POST", f"/containers/{made.id}/stop", params={"t": 0})
    found = refreshed(context, made)
    assert found.outputs["mustRun"] is False, "the stop is a change that a run repairs"
    assert Container().diff(found.outputs, made.inputs).changes == {"mustRun": ("update", False)}, "by starting it"
    Container().update(context, made.id, found.outputs, made.inputs, preview=False)
    assert inspect(context, made)["State"]["Running"], "it runs again, and is the same"


def test_a_container_removed_by_hand_is_gone_for_a_refresh(context, container):
    made = container()
    Container().delete(context, made.id, made.outputs)
    assert refreshed(context, made) is None, "the next run makes it again"


def test_a_container_is_found_by_its_whole_id_only(context, container):
    made = container()
    assert Container().read(context, made.id[:12], {}, {}) is None, "a name or a short id is no identity"
    found = Container().read(context, made.id, {}, {})
    assert found is not None
    assert found.inputs["command"] == ["sleep", "1000"], "an import tells the inputs"


def test_a_running_container_is_given_its_grace(context, container):
    made = container(command=["sh", "-c", "trap 'sleep 1; exit 0' TERM; sleep 1000 & wait"], destroyGraceSeconds=10)
    time.sleep(0.5)
    started = time.monotonic()
    Container().delete(context, made.id, made.outputs)
    assert 1 <= time.monotonic() - started < 8, "connections must be able to end before the process does"


def test_several_containers_are_made_at_the_same_time(container):
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(container, healthcheck={**HEALTHY, "startPeriod": "1s"}, wait=True) for _ in range(4)]
    assert len({result.result().id for result in results}) == 4, "the engine works on resources in parallel"
    assert time.monotonic() - started < 30, "waiting for one must not hold up the others"


def test_frames_of_a_log_are_joined_in_their_order():
    frames = b"\x01\0\0\0\0\0\0\x02a\n" + b"\x02\0\0\0\0\0\0\x02b\n"
    assert joined_streams(frames) == "a\nb\n", "stdout and stderr belong together"
