import pytest

from tools.machine import docker_engine
from tools.machine.console import Step
from tools.machine.problem import Problem

# The docker SDK leaves the socket of a failed connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def no_engine_of_ours(monkeypatch):
    monkeypatch.setattr(docker_engine, "_may_start", lambda: False)
    monkeypatch.setattr(docker_engine, "_answering_elsewhere", lambda: "")


def problem():
    with pytest.raises(Problem) as raised:
        docker_engine.prepare(Step("docker"))
    return raised.value


def test_an_engine_that_is_not_there_is_named_with_the_next_command(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    found = problem()
    assert found.what == f"Cannot reach Docker at unix://{tmp_path}/none.sock: No such file or directory."
    assert "unset DOCKER_HOST" in found.next_command


def test_a_user_who_may_not_use_docker_learns_of_the_group(monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_engine, "why_silent", lambda: "Permission denied")
    assert "usermod -aG docker" in problem().next_command


def test_an_engine_of_the_users_own_is_pointed_to(monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_engine, "why_silent", lambda: "No such file or directory")
    monkeypatch.setattr(docker_engine, "_answering_elsewhere", lambda: "unix:///run/user/1000/docker.sock")
    assert problem().next_command.startswith("export DOCKER_HOST=unix:///run/user/1000/docker.sock")


def test_an_engine_that_is_too_old_is_refused_with_its_version(monkeypatch):
    class Old:
        def version(self):
            return {"Version": "19.03.1", "ApiVersion": "1.40"}

        def close(self):
            pass

    monkeypatch.setattr(docker_engine, "why_silent", lambda: "")
    monkeypatch.setattr(docker_engine, "client", Old)
    assert "19.03.1 (API 1.40)" in problem().what


def test_files_of_a_daemon_that_is_dead_are_removed(tmp_path):
    (tmp_path / "docker.pid").write_text("1\n")  # alive, but no dockerd
    docker_engine._forget_dead_daemon(tmp_path)
    assert not (tmp_path / "docker.pid").exists(), "a new daemon would refuse to start because of it"


def test_the_line_that_says_why_a_daemon_gave_up_is_found(tmp_path):
    log = tmp_path / "log"
    log.write_text("start\nfailed to start daemon: no iptables\nbye\n")
    assert docker_engine._last_words(log) == "failed to start daemon: no iptables"


@pytest.mark.engine
def test_the_engine_of_this_machine_answers(monkeypatch):
    step = Step("docker")
    docker_engine.prepare(step)
    assert step.result.startswith("Docker ")
