"""A small platform to break: one Redis, a leader that publishes, some ws nodes as processes, a crowd of clients."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis.asyncio as redis

from loadtests.faults.crowd import Crowd, end
from loadtests.faults.leader import Leader
from loadtests.redis_box import RedisBox, free_port
from services.contract import keyspace

ROOT = Path(__file__).parents[2]
KEY = "faults-client-key"
SYMBOLS = tuple(f"S{number:02d}" for number in range(20))


@dataclass
class NodeProcess:
    """One `python -m services.ws`."""

    port: int
    environment: dict[str, str]
    log: Path
    http: httpx.AsyncClient
    """One for all questions: making another loads certificates, which would stop the crowd for 90 ms each time."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, or start again on the same port."""
        with self.log.open("ab") as output:
            words = [sys.executable, "-m", "services.ws"]
            self.process = subprocess.Popen(words, cwd=ROOT, env=self.environment, stdout=output, stderr=output)

    def send(self, number: signal.Signals) -> None:
        """A signal to this process."""
        assert self.process is not None
        self.process.send_signal(number)

    async def gone(self, seconds: float = 15) -> int:
        """Its exit code, once it ended.

        Raises:
            TimeoutError: it did not.
        """
        assert self.process is not None
        async with asyncio.timeout(seconds):
            while self.process.poll() is None:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(0.02)
        return self.process.returncode

    async def ready(self, seconds: float = 20) -> None:
        """Until it takes traffic."""
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await self.http.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        """One value of /metrics; 0 where the series is not there."""
        text = (await self.http.get("/metrics")).text
        for line in text.splitlines():
            if line.startswith(name + " ") or line.startswith(name + "{"):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    @property
    def rss_mib(self) -> float:
        """Resident memory now."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    @property
    def descriptors(self) -> int:
        """Open file descriptors."""
        assert self.process is not None
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))  # noqa: PTH208

    @property
    def cpu_seconds(self) -> float:
        """Used so far."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Stage:
    """Everything a fault needs."""

    box: RedisBox
    leader: Leader
    nodes: list[NodeProcess]
    crowd: Crowd
    folder: Path
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def redis(self) -> redis.Redis:
        """A client of its own."""
        return redis.Redis(port=self.box.port, password=self.box.password, socket_timeout=2, decode_responses=True)

    async def counted(self) -> tuple[dict[str, int], set[str]]:
        """`subscriptions:count:*` and `subscriptions:active` as Redis has them."""
        async with self.redis() as client:
            names = [name async for name in client.scan_iter(keyspace.subscription_count("*"))]
            values = await client.mget(names) if names else []
            prefix = len(keyspace.subscription_count(""))
            counts = {name[prefix:]: int(value) for name, value in zip(names, values, strict=True) if value is not None}
            return counts, {str(symbol) for symbol in await client.smembers(keyspace.SUBSCRIPTIONS_ACTIVE)}

    async def counts_exact(self, seconds: float) -> float:
        """How long until Redis counts exactly what the crowd holds.

        Raises:
            TimeoutError: it never did; says the difference.
        """
        started = time.monotonic()
        wanted = self.crowd.wanted()
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                counts, active = await self.counted()
                if counts == wanted and active == set(wanted):
                    return time.monotonic() - started
                if time.monotonic() - started > seconds:
                    wrong = {s: (counts.get(s), wanted.get(s)) for s in counts.keys() | wanted if counts.get(s) != wanted.get(s)}
                    raise TimeoutError(f"counts not exact within {seconds:g} s: {dict(list(wrong.items())[:5])}")
            await asyncio.sleep(0.1)

    async def converged(self, seconds: float) -> float:
        """How long until every client holds what is true from now on.

        Raises:
            TimeoutError: some never did.
        """
        started = time.monotonic()
        published = self.leader.published
        await self.crowd.until(lambda: self.leader.published > published, seconds, "the leader publishes again")
        truth = dict(self.leader.truth)
        left = seconds - (time.monotonic() - started)
        await self.crowd.until(lambda: not self.crowd.behind(truth), left, f"{self.crowd.behind(truth)} pairs current")
        return time.monotonic() - started

    async def settled(self, seconds: float = 45.0) -> None:
        """Until the nodes' buffers of recent updates are full: before that their memory grows by itself.

        Raises:
            TimeoutError: too few updates were published.
        """
        async with asyncio.timeout(seconds):
            for node in self.nodes:
                while not await node.metric("ws_history_dropped_total"):  # noqa: ASYNC110 - another process sets no event
                    await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def stage(
    nodes: int = 1, rate: float = 2.0, redis_port: int | None = None, padding: int = 0,
    box: RedisBox | None = None, options: tuple[str, ...] = (), **settings: str,
) -> AsyncIterator[Stage]:  # fmt: skip
    """Made here, gone afterwards, whatever happens between."""
    with tempfile.TemporaryDirectory(prefix="stk-faults-") as name:
        folder = Path(name)
        redis_box = box or RedisBox(options=options)
        if box is None:
            redis_box.start()
        (folder / "redis_password").write_text(redis_box.password)
        (folder / "client_key").write_text(KEY)
        processes = [
            _node(folder, number, redis_port or redis_box.port, {name.upper(): value for name, value in settings.items()})
            for number in range(nodes)
        ]
        leader = Leader(redis_box.port, redis_box.password, SYMBOLS, rate, padding)
        made = Stage(redis_box, leader, processes, Crowd([node.port for node in processes], KEY), folder)
        made._tasks.append(asyncio.create_task(leader.run()))
        try:
            for node in processes:
                node.start()
            for node in processes:
                await node.ready()
            yield made
        finally:
            await made.crowd.leave()
            await end(made._tasks)
            for node in processes:
                await node.http.aclose()
                if node.process is not None and node.process.poll() is None:
                    node.send(signal.SIGCONT)
                    node.process.kill()
                    node.process.wait()
            redis_box.stop()


def _node(folder: Path, number: int, redis_port: int, settings: dict[str, str]) -> NodeProcess:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "PORT": str(port), "BIND_ADDRESS": "127.0.0.1", "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(redis_port), "REDIS_PASSWORD_FILE": str(folder / "redis_password"),
        "CLIENT_KEY_FILE": str(folder / "client_key"), "API_BASE": "http://127.0.0.1:1", "DEFAULT_SYMBOLS": SYMBOLS[0],
        "DRAIN_SECONDS": "2", **settings,
    }  # fmt: skip
    http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
    return NodeProcess(port, environment, folder / f"node{number}.log", http)
