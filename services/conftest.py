"""Real Redis and Postgres for tests marked `services_real`: in containers of their own, gone afterwards.

`redis_server` and `postgres_server` start once a session and are shared; `redis_url`-style facts are on the returned object. A
test that breaks Redis (kills, pauses, fills it) takes `own_redis` instead. Without a Docker engine these tests are skipped with
that reason, unless STOCK_TRACKER_REQUIRE_ENGINE=1 makes that a failure.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.contract.tests.certificates import loopback_pair

IMAGE = "stock-tracker-test-services:1"
DOCKERFILE = Path(__file__).parent / "images/testing/Dockerfile"
REDIS_COMMAND = (
    "exec redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --save '' "
    "--requirepass {password} --maxmemory 100mb --maxmemory-policy volatile-lru"
)
POSTGRES_COMMAND = """\
set -e
install -d -o postgres /data
bin=$(echo /usr/lib/postgresql/*/bin)
echo '{password}' > /tmp/password
su postgres -c "$bin/initdb -D /data/pg -A scram-sha-256 --pwfile /tmp/password >/dev/null"
echo 'host all all all scram-sha-256' >> /data/pg/pg_hba.conf
exec su postgres -c "exec $bin/postgres -D /data/pg -c listen_addresses='*' -c fsync=off"
"""
TLS_COMMAND = """\
set -e
cat > /tmp/cert.pem <<'END'
{certificate}END
cat > /tmp/key.pem <<'END'
{key}END
exec redis-server --port 6379 --bind 127.0.0.1 --tls-port 6380 --bind 0.0.0.0 --protected-mode no --save '' \
  --tls-cert-file /tmp/cert.pem --tls-key-file /tmp/key.pem --tls-auth-clients no --requirepass {password}
"""


@dataclass(frozen=True)
class Server:
    """One container. `password` is made for this session; `password_file` holds it."""

    container: str
    port: int
    password: str
    password_file: Path
    host: str = "127.0.0.1"

    def docker(self, *words: str) -> str:
        """`docker <words> <container>`, e.g. pause, unpause, kill, start."""
        return _docker(*words, self.container)

    def execute(self, *words: str) -> str:
        """Run a command inside."""
        return _docker("exec", self.container, *words)

    def redis_cli(self, *words: str) -> str:
        """Run redis-cli inside."""
        return _docker("exec", "-e", f"REDISCLI_AUTH={self.password}", self.container, "redis-cli", *words)

    def wait(self, timeout_seconds: float = 30.0) -> None:
        """Until its port accepts a connection and answers."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.1)
        raise TimeoutError(f"{self.container} does not answer: {_docker('logs', '--tail', '20', self.container)}")

    def _answers(self) -> bool:
        probe = ["redis-cli", "ping"] if "redis" in self.container else ["pg_isready", "-h", "127.0.0.1"]
        run = ["docker", "exec", "-e", f"REDISCLI_AUTH={self.password}", self.container, *probe]
        return subprocess.run(run, capture_output=True, check=False).returncode == 0 and _is_open(self.port)


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(words[:2])} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    """Fixed for the container's life, so that the port survives `docker restart`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(kind: str, inner_port: int, command: str, folder: Path) -> Server:
    password = secrets.token_hex(12)
    name = f"stk-test-{kind}-{secrets.token_hex(4)}"
    port = _free_port()
    file = folder / f"{kind}_password"
    file.write_text(password)
    script = command.format(password=password)
    _docker(
        "run", "-d", "--name", name, "--label", "stock-tracker.test=services", "-p", f"127.0.0.1:{port}:{inner_port}",
        IMAGE, "bash", "-c", script,
    )  # fmt: skip
    server = Server(name, port, password, file)
    server.wait()
    return server


@pytest.fixture(scope="session")
def services_image() -> str:
    """The image both run from, made once a machine."""
    try:
        _docker("version", "--format", "{{.Server.Version}}")
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        if os.environ.get("STOCK_TRACKER_REQUIRE_ENGINE") == "1":
            raise
        pytest.skip(f"no Docker engine answers: {error}")
    if not _docker("images", "-q", IMAGE):
        build = ["docker", "build", "-q", "-t", IMAGE, "-"]
        subprocess.run(build, input=DOCKERFILE.read_text(), text=True, check=True, capture_output=True, timeout=600)
    return IMAGE


def _serve(kind: str, inner_port: int, command: str, folder: Path) -> Iterator[Server]:
    server = _start(kind, inner_port, command, folder)
    try:
        yield server
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", server.container], capture_output=True, check=False)


@pytest.fixture(scope="session")
def redis_server(services_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Redis for the session; a test that needs it empty calls `redis_server.redis_cli("FLUSHALL")`."""
    yield from _serve("redis", 6379, REDIS_COMMAND, tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="module")
def tls_redis(services_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A Redis that speaks TLS, and the folder with the CA that signed it (ca.pem) and another (other.pem)."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = loopback_pair(folder)
    script = TLS_COMMAND.replace("{certificate}", certificate).replace("{key}", key)
    for server in _serve("redis", 6380, script, folder):
        yield server, folder


@pytest.fixture
def own_redis(services_image: str, tmp_path: Path) -> Iterator[Server]:
    """A Redis of this test's own, to be broken."""
    yield from _serve("redis", 6379, REDIS_COMMAND, tmp_path)


@pytest.fixture(scope="session")
def postgres_server(services_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Postgres for the session; superuser `postgres`, database `postgres`."""
    yield from _serve("postgres", 5432, POSTGRES_COMMAND, tmp_path_factory.mktemp("postgres"))
