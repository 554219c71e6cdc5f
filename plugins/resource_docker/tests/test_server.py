"""The plugin as a process: started, asked, refusing by name, ended."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from plugins.resource_docker import server
from plugins.resource_docker.container import Container
from plugins.resource_docker.engine_log import EngineLog
from plugins.resource_docker.errors import HalfMadeError
from plugins.resource_docker.planning import plan, settled
from plugins.resource_docker.properties import from_struct, to_struct
from plugins.resource_docker.tests.plugin_process import LAUNCHER, running_plugin

NOWHERE = "unix:///nowhere/docker.sock"
CONTAINER = "docker:index/container:Container"


@pytest.fixture(scope="module")
def plugin():
    with running_plugin() as running:
        yield running


def refused(call, *arguments, **keywords):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **keywords)
    return caught.value.code(), caught.value.details()


def test_it_starts_quickly_and_ends_at_once_on_sigint():
    with running_plugin() as running:
        assert running.startup_seconds < 3, "0.3 s on an idle machine; every pulumi command pays for it"
        started = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(3) == 0, "an ending that fails looks like a crash"
        assert time.monotonic() - started < 2, "the engine would wait and kill"


def test_it_ends_when_the_engine_is_killed():
    engine = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess\nsubprocess.run([{str(LAUNCHER)!r}, '127.0.0.1:1'])"],
        stdout=subprocess.PIPE,
    )
    assert engine.stdout
    engine.stdout.readline()  # the plugin serves
    plugin_process = int(Path(f"/proc/{engine.pid}/task/{engine.pid}/children").read_text().split()[0])
    engine.kill()
    engine.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and Path(f"/proc/{plugin_process}").exists():
        time.sleep(0.1)
    engine.stdout.close()
    assert not Path(f"/proc/{plugin_process}").exists(), "a killed engine must leave no process behind"


def test_it_says_who_it_is(plugin):
    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version == "5.1.0", "the engine compares it with the package's version"
    handshake = plugin.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    assert not handshake.accept_secrets, "the engine opens secrets for us, and marks our answers as it does the official ones"


@pytest.mark.parametrize(("timeout", "seconds"), [(7, 7), (0, 20 * 60)])
def test_an_operation_has_the_programs_timeout_or_twenty_minutes(monkeypatch, timeout, seconds):
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    context = server.ResourceProvider(EngineLog())._context(provider_pb2.CreateRequest(urn="u", timeout=timeout))
    assert (context.left(), context.left(3)) == (seconds, 3), "as the official provider"


def test_a_type_it_does_not_have_is_refused_by_name(plugin):
    code, text = refused(plugin.check, "docker:index/service:Service", "web", {})
    assert code == grpc.StatusCode.UNIMPLEMENTED, "this is no failure of Docker"
    assert "Service is not implemented" in text, "the program's author must see which one"
    assert "Container" in text, "and which ones there are"
    _, text = refused(plugin.check, "docker:index/boat:Boat", "b", {})
    assert "docker:index/boat:Boat is no resource type" in text, "a typo is not a missing feature"


def test_a_function_it_does_not_have_is_refused_by_name(plugin):
    code, text = refused(plugin.invoke, "docker:index/getLogs:getLogs")
    assert (code, "getLogs is not implemented" in text) == (grpc.StatusCode.UNIMPLEMENTED, True), text


def test_methods_and_components_are_refused_by_name(plugin):
    _, text = refused(plugin.stub.Call, provider_pb2.CallRequest(tok="docker:index:x"))
    assert "docker:index:x" in text, text
    _, text = refused(plugin.stub.Construct, provider_pb2.ConstructRequest(type="docker:index:C"))
    assert "docker:index:C" in text, text


def test_an_engine_that_does_not_answer_is_told_at_configure(plugin):
    code, text = refused(plugin.configure, host=NOWHERE)
    assert code == grpc.StatusCode.UNKNOWN, text
    assert text.startswith(f"no Docker engine answers at {NOWHERE}"), "before anything is begun"
    assert "DOCKER_HOST" in text, "the next thing to do is named"


def test_the_engine_check_can_be_switched_off(plugin):
    assert plugin.configure(host=NOWHERE, disableDockerDaemonCheck=True).supportsPreview, "previews work without an engine"


def test_check_answers_with_defaults_names_and_failures(plugin):
    inputs, failures = plugin.check(CONTAINER, "api", {"image": "i"})
    assert inputs["name"].startswith("api-"), "an unnamed container gets a name"
    assert not failures, failures
    _, failures = plugin.check(CONTAINER, "api", {"image": "i", "memory": "much"})
    assert set(failures) == {"memory"}, failures


def test_the_programs_naming_rules_are_followed(plugin):
    request = provider_pb2.CheckRequest(urn=f"urn:pulumi:dev::t::{CONTAINER}::api", news=to_struct({"image": "i"}), name="api")
    modes = provider_pb2.CheckRequest.AutonamingOptions.Mode
    for mode in (modes.ENFORCE, modes.PROPOSE):
        request.autonaming.proposed_name, request.autonaming.mode = "shop-api", mode
        assert from_struct(plugin.stub.Check(request).inputs)["name"] == "shop-api", "pulumi:autonaming decides"
    request.autonaming.mode = modes.DISABLE
    _, text = refused(plugin.stub.Check, request)
    assert "automatic naming is switched off" in text, "a container without a name cannot be kept apart"


def test_diff_tells_kinds_replacements_and_order(plugin):
    inputs, _ = plugin.check(CONTAINER, "api", {"image": "i"})
    learned: dict[str, list[str]] = {"entrypoints": [], "networkDatas": [], "command": []}
    request = provider_pb2.DiffRequest(
        urn=f"urn:pulumi:dev::t::{CONTAINER}::api",
        olds=to_struct({**settled(Container.fields, plan(Container.fields, None, inputs).outputs), **learned}),
        news=to_struct({**inputs, "image": "j", "memory": 64}),
    )
    answer = plugin.stub.Diff(request)
    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(change.kind) for path, change in answer.detailedDiff.items()}
    assert kinds == {"image": "UPDATE_REPLACE", "memory": "ADD"}, kinds
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["image"], True), "a container's ports and name are taken"


def test_previews_of_creates_have_unknown_outputs(plugin):
    inputs, _ = plugin.check(CONTAINER, "api", {"image": "i"})
    request = provider_pb2.CreateRequest(urn=f"urn:pulumi:dev::t::{CONTAINER}::api", properties=to_struct(inputs), preview=True)
    answer = from_struct(plugin.stub.Create(request).properties)
    assert repr(answer["hostname"]) == "UNKNOWN", "nothing is made in a preview"


def test_config_is_checked_and_compared(plugin):
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct({"host": "h", "colour": "red"})))
    assert [failure.property for failure in answer.failures] == ["colour"], "a misspelt input would be ignored"
    request = provider_pb2.DiffRequest(old_inputs=to_struct({}), news=to_struct({"host": "h"}))
    answer = plugin.stub.DiffConfig(request)
    assert (list(answer.diffs), answer.detailedDiff["host"].inputDiff) == (["host"], True), answer


def test_cancel_is_answered(plugin):
    plugin.cancel()
    assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version, "work that goes on must be able to end"


class AbortedError(Exception):
    pass


class FakeCall:
    """The part of a gRPC call's context that errors use."""

    def set_trailing_metadata(self, metadata):
        self.metadata = dict(metadata)

    def abort(self, code, text):
        self.code, self.text = code, text
        raise AbortedError


def test_a_half_made_resource_travels_as_pulumis_error_detail():
    call = FakeCall()
    with pytest.raises(AbortedError), server._answering(call, "creating x"):
        raise HalfMadeError("abc", "never healthy", {"name": "c"})
    status = status_pb2.Status.FromString(call.metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail), "the engine would forget the container"
    assert (detail.id, list(detail.reasons)) == ("abc", ["never healthy"]), detail
    assert from_struct(detail.properties) == {"name": "c", "id": "abc"}, "the state is what the next run compares with"


def test_the_type_is_the_last_of_a_chain_of_parents():
    assert server.type_in("urn:pulumi:dev::p::my:Group$docker:index/volume:Volume::v") == "docker:index/volume:Volume"
    assert server.type_in("nonsense") == "", "an unknown type is refused later, by name"


def test_the_launcher_finds_a_checkout_named_beside_it_and_else_says_what_is_missing(tmp_path):
    copy = shutil.copy(LAUNCHER, tmp_path)
    lost = subprocess.run([copy], capture_output=True, text=True, check=False)
    assert lost.returncode == 1, "there is nothing to start"
    assert "tools/bootstrap" in lost.stderr, "the next command is named"
    (tmp_path / "checkout").write_text(str(LAUNCHER.parents[2]))
    with running_plugin(launcher=copy, cwd=tmp_path, env={"PATH": os.environ["PATH"]}) as running:
        assert running.stub.GetPluginInfo(empty_pb2.Empty()).version == "5.1.0", "an installed copy starts the checkout's code"
