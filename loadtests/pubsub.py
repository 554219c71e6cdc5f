"""S148: how many updates a second Redis hands on before p99 passes the limit, on a Redis of the run's own (the platform's image).

One process publishes at a fixed pace, another subscribes; every message carries its time, both read one clock. The rate doubles
until a step fails twice (once may be a neighbour on the machine): the knee is the last rate that was held with every message
received and p99 within the limit.
"""

import contextlib
import io
import multiprocessing
import secrets
import socket
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

import docker
from docker.errors import DockerException

from loadtests.histogram import Histogram, percentile
from loadtests.machine import go_first
from services.contract.endpoints import REDIS_PORT
from services.contract.keyspace import CHANNEL_UPDATES

PACE_SECONDS = 0.005
STEP_SECONDS = 3.0
SETTLE_SECONDS = 1.5
START_RATE, LAST_RATE = 500.0, 64_000.0
PADDING = b"x" * 350
"""A price_update is about 400 bytes."""
READY_SECONDS = 20.0


class PubSubError(Exception):
    """The run's own Redis did not start or did not answer."""


@dataclass(frozen=True)
class Step:
    """One rate. Times in ms; `lateness` is how late the publisher itself was, p99."""

    rate: float
    sent: int
    received: int
    p50: float | None
    p99: float | None
    lateness: float | None

    def holds(self, limit_ms: float) -> bool:
        """Whether everything arrived, in time."""
        return self.p99 is not None and self.received == self.sent and self.p99 <= limit_ms

    def is_paced(self, limit_ms: float) -> bool:
        """Whether the publisher kept its own pace; if not, the meter is the limit and not Redis."""
        return self.lateness is not None and self.lateness <= limit_ms / 2


@dataclass(frozen=True)
class Knee:
    """`rate` is the highest that was held; `reached_by_meter` when the generator could not go further, so it is a lower bound."""

    rate: float | None
    steps: list[Step]
    reached_by_meter: bool


def find_knee(measure: Callable[[float], Step], limit_ms: float) -> Knee:
    """Double the rate until a step fails, the meter gives up, or the last rate is held."""
    rate, held, steps = START_RATE, None, []
    while rate <= LAST_RATE:
        step = measure(rate)
        if not step.holds(limit_ms) or not step.is_paced(limit_ms):
            step = measure(rate)
        steps.append(step)
        if not step.is_paced(limit_ms):
            return Knee(held, steps, reached_by_meter=True)
        if not step.holds(limit_ms):
            return Knee(held, steps, reached_by_meter=False)
        held, rate = rate, rate * 2
    return Knee(held, steps, reached_by_meter=True)


@dataclass(frozen=True)
class Address:
    """Where the run's own Redis is."""

    port: int
    password: str


@contextlib.contextmanager
def own_redis(image: str) -> Iterator[Address]:
    """A Redis of `image` on a loopback port with a password of its own; gone afterwards, with its volume.

    Raises:
        PubSubError: it did not start.
    """
    password = secrets.token_urlsafe(24)
    try:
        client = docker.from_env()
        container = client.containers.create(
            image,
            labels={"stk.purpose": "pubsub-knee"},
            ports={f"{REDIS_PORT}/tcp": ("127.0.0.1", None)},
            mem_limit="256m",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
        )
    except DockerException as error:
        raise PubSubError(f"no Redis of image {image}: {error}") from error
    try:
        container.put_archive("/", _secret_file(password))
        container.start()
        container.reload()
        address = Address(int(container.ports[f"{REDIS_PORT}/tcp"][0]["HostPort"]), password)
        _wait_for(address)
        yield address
    finally:
        container.remove(force=True, v=True)
        client.close()


def measure_step(address: Address, rate: float) -> Step:
    """Publish at `rate` for STEP_SECONDS and see what a subscriber gets."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    subscriber = context.Process(target=_subscribe, args=(address, there), daemon=True)
    subscriber.start()
    try:
        if not here.poll(READY_SECONDS) or here.recv() != "subscribed":
            raise PubSubError("the subscriber did not get through")
        sent, lateness = _publish(address, rate)
        time.sleep(SETTLE_SECONDS)
        here.send("stop")
        counts: dict[float, int] = here.recv()
    finally:
        subscriber.terminate()
        subscriber.join()
    shown = percentile(counts, 50), percentile(counts, 99)
    return Step(rate, sent, sum(counts.values()), *shown, percentile(lateness.counts, 99))


def _publish(address: Address, rate: float) -> tuple[int, Histogram]:
    """A batch each PACE_SECONDS, in one write."""
    lateness = Histogram()
    sent = 0
    with _connected(address) as connection:
        connection.setblocking(False)
        began = time.monotonic()
        while (now := time.monotonic() - began) < STEP_SECONDS:
            due = int(now * rate) - sent
            batch = b"".join(_command(b"PUBLISH", CHANNEL_UPDATES.encode(), _message()) for _ in range(due))
            lateness.add(max(0.0, 1000 * (now - (sent + due) / rate)) if due else 0.0)
            _send_all(connection, batch)
            sent += due
            lateness.add(max(0.0, 1000 * (time.monotonic() - began - now - PACE_SECONDS)))
            time.sleep(max(0.0, PACE_SECONDS - (time.monotonic() - began - now)))
    return sent, lateness


def _send_all(connection: socket.socket, data: bytes) -> None:
    """Write all, reading Redis' answers away so that neither side blocks the other."""
    view = memoryview(data)
    while view:
        with contextlib.suppress(BlockingIOError):
            view = view[connection.send(view) :]
        with contextlib.suppress(BlockingIOError):
            connection.recv(1 << 20)


def _message() -> bytes:
    return b"%.3f %s" % (time.time() * 1000, PADDING)


def _subscribe(address: Address, pipe: Connection) -> None:
    """In its own process: count latencies until told to stop."""
    go_first()
    histogram = Histogram()
    with _connected(address) as connection:
        connection.sendall(_command(b"SUBSCRIBE", CHANNEL_UPDATES.encode()))
        buffer = b""
        while b":1\r\n" not in buffer:
            buffer += connection.recv(4096)
        pipe.send("subscribed")
        buffer = b""
        connection.settimeout(0.1)
        mark = b"$%d\r\n%s\r\n" % (len(CHANNEL_UPDATES), CHANNEL_UPDATES.encode())
        while not pipe.poll():
            try:
                buffer += connection.recv(1 << 20)
            except TimeoutError:
                continue
            now_ms = time.time() * 1000
            *whole, buffer = buffer.split(PADDING)
            for message in whole:
                histogram.add(max(0.0, now_ms - float(message[message.rindex(mark) + len(mark) :].split(b"\r\n", 1)[1])))
    pipe.send(histogram.counts)


@contextlib.contextmanager
def _connected(address: Address) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", address.port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_command(b"AUTH", address.password.encode()))
        answer = connection.recv(1024)
        if not answer.startswith(b"+OK"):
            raise PubSubError(f"Redis answers {answer[:60]!r}")
        yield connection


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _wait_for(address: Address) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with _connected(address):
                return
        except (OSError, PubSubError) as error:
            if time.monotonic() > deadline:
                raise PubSubError(f"the run's own Redis does not answer after {READY_SECONDS:g} s: {error}") from error
            time.sleep(0.1)


def _secret_file(password: str) -> bytes:
    """A tar archive with the one secret the image's start script reads."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("run/secrets/redis_password")
        entry.size, entry.mode = len(password), 0o444
        tar.addfile(entry, io.BytesIO(password.encode()))
    return archive.getvalue()
