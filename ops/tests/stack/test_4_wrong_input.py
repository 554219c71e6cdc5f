"""Wrong input: one clear error with the next command, and nothing half-made."""

import socket

import pytest

from ops.tests.stack.observed import by_service

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


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
