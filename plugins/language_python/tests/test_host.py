import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2

REFUSED = ["GetRequiredPlugins", "RunPlugin", "GenerateProgram", "GenerateProject", "GeneratePackage", "Pack", "Link"]
DONE = [
    "Handshake", "GetPluginInfo", "About", "GetRequiredPackages", "GetProgramDependencies",
    "InstallDependencies", "RuntimeOptionsPrompts", "Template", "Run", "Cancel",
]  # fmt: skip


def test_every_call_of_the_protocol_is_either_done_or_refused():
    service = language_pb2.DESCRIPTOR.services_by_name["LanguageRuntime"]
    assert sorted(method.name for method in service.methods) == sorted(REFUSED + DONE), "a new SDK brought a new call"


@pytest.mark.parametrize("method", REFUSED)
def test_what_is_not_done_is_refused_in_words(host, method):
    descriptor = language_pb2.DESCRIPTOR.services_by_name["LanguageRuntime"].methods_by_name[method]
    request = getattr(language_pb2, descriptor.input_type.name)()
    with pytest.raises(grpc.RpcError) as refusal:
        list(getattr(host.stub, method)(request))  # a stream fails when it is read
    assert refusal.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "the official one does" in refusal.value.details(), "the reader must learn what to use instead"


def test_the_host_says_whose_it_is(host, program):
    assert host.stub.GetPluginInfo(Empty()).version.endswith("+stock-tracker")
    about = host.stub.About(language_pb2.AboutRequest(info=program("")))
    assert about.executable == f"{sys.prefix}/bin/python"
    assert about.metadata["languageHost"] == "stock-tracker (plugins/language_python)"


def test_required_packages_come_from_the_programs_environment(host, program):
    answer = host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=program("")))
    assert [(p.name, p.kind, p.version) for p in answer.packages] == [("docker", "resource", "v5.1.0")]


def test_dependencies_are_direct_unless_all_are_asked_for(host, program):
    def names(everything):
        request = language_pb2.GetProgramDependenciesRequest(info=program(""), transitiveDependencies=everything)
        return {item.name.lower() for item in host.stub.GetProgramDependencies(request).dependencies}

    assert "grpcio" in names(True)
    assert "grpcio" not in names(False), "grpcio comes with pulumi, the program does not name it"


def test_a_new_project_is_offered_the_one_toolchain(host):
    answer = host.stub.RuntimeOptionsPrompts(language_pb2.RuntimeOptionsRequest())
    assert [choice.stringValue for choice in answer.prompts[0].choices] == ["pip"]


def test_a_new_project_needs_nothing_but_its_files(host, program):
    answer = host.stub.Template(language_pb2.TemplateRequest(info=program(""), project_name="p"))
    assert answer == language_pb2.TemplateResponse(), "`pulumi new` goes on"


def test_an_unsupported_option_reaches_the_user(host, program):
    with pytest.raises(grpc.RpcError) as refusal:
        host.stub.About(language_pb2.AboutRequest(info=program("", toolchain="uv")))
    assert "toolchain: uv" in refusal.value.details()


def test_a_missing_environment_names_the_next_command(host, program):
    with pytest.raises(grpc.RpcError) as refusal:
        host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=program("", virtualenv="nowhere")))
    assert "nowhere" in refusal.value.details()
    assert "pulumi install" in refusal.value.details()


def test_install_makes_the_environment_and_says_that_nothing_is_asked_for(host, program, tmp_path):
    request = language_pb2.InstallDependenciesRequest(info=program("", virtualenv="fresh"))
    said = b"".join(part.stdout for part in host.stub.InstallDependencies(request)).decode()
    assert (tmp_path / "fresh" / "bin" / "python").exists()
    assert "nothing to install" in said


def test_a_failing_installation_shows_its_output_and_fails(host, program, tmp_path):
    (tmp_path / "requirements.txt").write_text("./no-such-folder\n")
    said: list[str] = []
    answer = host.stub.InstallDependencies(language_pb2.InstallDependenciesRequest(info=program("")))
    with pytest.raises(grpc.RpcError) as failure:
        said.extend(part.stdout.decode() for part in answer)
    assert "no-such-folder" in "".join(said), "pip's own words tell what is wrong"
    assert "failed with exit code" in failure.value.details()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_host_ends_on_a_signal(own_host, number):
    own_host.process.send_signal(number)
    assert own_host.process.wait(timeout=5) == 0, "the engine waits 5 s for it at the end of every command, then kills it"


def test_the_host_and_its_program_end_when_the_engine_is_killed(tmp_path):
    command = [sys.executable, "-m", "plugins.language_python", "127.0.0.1:1"]
    parent = subprocess.Popen([sys.executable, "-c", f"import subprocess\nsubprocess.run({command})"], stdout=PIPE)
    assert parent.stdout
    parent.stdout.readline()  # the host serves
    host_process = int(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()[0])
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _alive(host_process):
        time.sleep(0.1)
    parent.stdout.close()
    assert not _alive(host_process), "a killed engine must leave no process behind"


def test_without_an_engine_address_the_usage_is_shown():
    answer = subprocess.run([sys.executable, "-m", "plugins.language_python"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "ENGINE_ADDRESS" in answer.stderr


def _alive(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
