"""A throw-away Redis on a free loopback port, as a process: what bench and fault runs break without touching anybody's.

`redis-server` from the PATH; where it is missing the caller is told how to get it.
"""

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


class NoRedisError(RuntimeError):
    """No redis-server on this machine; the text says what to type."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisBox:
    """One Redis without persistence: killed means emptied."""

    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    options: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """Start, or start again on the same port; returns when it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            raise NoRedisError("redis-server is not on the PATH; install it: apt-get install redis-server")
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="stk-redis-")
        settings = Path(self._folder.name) / "redis.conf"
        settings.write_text(
            f"port {self.port}\nbind 127.0.0.1\nsave ''\nappendonly no\nrequirepass {self.password}\ndir {self._folder.name}\n"
            + "".join(f"{line}\n" for line in self.options)
        )
        settings.chmod(0o600)
        self._process = subprocess.Popen([binary, str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As by the kernel: no goodbye, nothing kept."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def pause(self) -> None:
        """Half-open: connections stay, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def unpause(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Gone for good; idempotent."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as probe:
                probe.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while b"+PONG" not in answer and b"-LOADING" not in answer:
                    answer += probe.recv(100)
                if b"+PONG" in answer:
                    return
            time.sleep(0.05)
        raise NoRedisError(f"redis-server on port {self.port} does not answer within 10 s")


@contextlib.contextmanager
def redis_box(*options: str) -> Iterator[RedisBox]:
    """A running Redis, gone afterwards."""
    box = RedisBox(options=options)
    try:
        box.start()
        yield box
    finally:
        box.stop()
