"""What a fault needs around it: a stand-in for the internet, a Redis container to break, an API process, a prober."""

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

ROOT = Path(__file__).parents[2]
IMAGE = "stock-tracker-test-services:1"
DOCKERFILE = ROOT / "services/images/testing/Dockerfile"
PROBE_SECONDS = 0.05
ANSWER_LIMIT_SECONDS = 0.5


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def docker(*words: str) -> str:
    """Run docker; raises CalledProcessError."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=300).stdout.strip()


@dataclass(frozen=True)
class Redis:
    """One Redis in a container of its own."""

    container: str
    port: int
    password_file: Path

    def cli(self, *words: str) -> str:
        password = self.password_file.read_text()
        return docker("exec", "-e", f"REDISCLI_AUTH={password}", self.container, "redis-cli", *words)

    def environment(self) -> dict[str, str]:
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port), "REDIS_PASSWORD_FILE": str(self.password_file)}


@contextmanager
def redis_server() -> Iterator[Redis]:
    """Made here, removed here."""
    if not docker("images", "-q", IMAGE):
        build = ["docker", "build", "-q", "-t", IMAGE, "-"]
        subprocess.run(build, input=DOCKERFILE.read_bytes(), check=True, capture_output=True, timeout=600)
    with TemporaryDirectory() as folder:
        password, name, port = Path(folder, "password"), f"stk-faults-{secrets.token_hex(4)}", free_port()
        password.write_text(secrets.token_hex(12))
        run = ["run", "-d", "--name", name, "-p", f"127.0.0.1:{port}:6379", IMAGE, "redis-server", "--bind", "*"]
        docker(*run, "--protected-mode", "no", "--save", "", "--requirepass", password.read_text())
        try:
            wait_for(lambda: Redis(name, port, password).cli("PING") == "PONG", 20, "redis")
            yield Redis(name, port, password)
        finally:
            subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)


@contextmanager
def program(module: str, *words: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module words` with a bare environment; ended here."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words], cwd=ROOT, env=clean | environment, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(condition: "object", seconds: float, what: str) -> float:
    """Seconds until `condition()` is true. Raises TimeoutError."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        try:
            if condition():  # type: ignore[operator]
                return time.monotonic() - started
        except (httpx.HTTPError, subprocess.CalledProcessError, KeyError, ValueError):
            pass
        time.sleep(PROBE_SECONDS)
    raise TimeoutError(f"{what}: not within {seconds} s")


@dataclass
class Prober:
    """Asks one URL all the time and judges each answer: fresh, stale-marked with its age, 429 or 503 with Retry-After."""

    url: str
    fresh: frozenset[str]
    answers: int = 0
    slowest_seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Prober"]:
        worker = threading.Thread(target=self._run, daemon=True)
        worker.start()
        try:
            yield self
        finally:
            self._ended.set()
            worker.join(10)

    def _run(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self._ended.wait(PROBE_SECONDS):
                started = time.monotonic()
                try:
                    verdict = self.judge(client.get(self.url))
                except httpx.HTTPError as error:
                    verdict = f"WRONG no answer: {type(error).__name__}"
                seconds = time.monotonic() - started
                self.answers += 1
                self.slowest_seconds = max(self.slowest_seconds, seconds)
                self.statuses[verdict] = self.statuses.get(verdict, 0) + 1
                if verdict.startswith("WRONG"):
                    self.wrong.append(verdict)

    def judge(self, response: httpx.Response) -> str:
        """The answer in a word; WRONG for what no client should ever get."""
        if response.status_code in {429, 503}:
            given = response.headers.get("Retry-After", "")
            return str(response.status_code) if given.isdigit() and 1 <= int(given) <= 120 else "WRONG no Retry-After"
        if response.status_code != 200:
            return f"WRONG status {response.status_code}"
        status = response.json()["data"]["status"]
        if status == "stale":
            return "stale" if response.headers.get("Age", "").isdigit() else "WRONG stale without Age"
        return "fresh" if status in self.fresh else f"WRONG status field {status}"
