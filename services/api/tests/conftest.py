"""Things the API's tests share: recorded data beside the project, a running API process, a clock that a test moves."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import structlog

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """One line an event: structlog's own way for terminals takes seconds to paint one traceback."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The recordings beside the project; tests that need them are skipped where they are absent."""
    folder = Path(os.environ.get("STOCK_TRACKER_MARKET_DATA") or ROOT.parent / "shared/market-data")
    if not folder.is_dir():
        pytest.skip(f"no recorded market data at {folder}; set STOCK_TRACKER_MARKET_DATA")
    return folder


class TestClock:
    """Time that passes only when somebody waits for it."""

    __test__ = False

    def __init__(self, now: datetime = datetime(2026, 6, 12, 3, 45, tzinfo=UTC)) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    async def sleep_until(self, moment: datetime) -> None:
        self.time = max(self.time, moment)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


class RunningApi:
    """One `python -m services.api` with its address and log file."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log
        self.client = httpx.Client(base_url=url, timeout=5)

    def wait_until(self, path: str, accept: Callable[[httpx.Response], bool], seconds: float = 20) -> httpx.Response:
        """Ask again until `accept` says yes; fails with the last answer and the log's end."""
        deadline, last = time.monotonic() + seconds, "no answer"
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the API ended: {self.log.read_text()[-2000:]}"
            try:
                response = self.client.get(path)
                if accept(response):
                    return response
                last = f"{response.status_code} {response.text[:500]}"
            except httpx.HTTPError as error:
                last = repr(error)
            time.sleep(0.05)
        raise AssertionError(f"{path} within {seconds} s: {last}\n{self.log.read_text()[-2000:]}")

    def wait_ready(self, seconds: float = 20) -> None:
        self.wait_until("/health/ready", lambda response: response.status_code == 200, seconds)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_api(folder: Path, name: str = "api", **environment: str) -> Iterator[RunningApi]:
    """Start the real program on a free port; it is terminated at the end and must end well."""
    port, log = free_port(), folder / f"{name}.log"
    clean = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.api"],
            cwd=ROOT,
            env=clean | {"PORT": str(port), "HOST": "127.0.0.1", "NODE_ID": name} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        api = RunningApi(process, f"http://127.0.0.1:{port}", log)
        try:
            yield api
        finally:
            api.client.close()
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def redis_environment(server: object) -> dict[str, str]:
    """The API's variables for a `Server` of services/conftest.py."""
    return {
        "REDIS_HOST": server.host,  # type: ignore[attr-defined]
        "REDIS_PORT": str(server.port),  # type: ignore[attr-defined]
        "REDIS_PASSWORD_FILE": str(server.password_file),  # type: ignore[attr-defined]
    }
