"""S148: how many updates a second Redis hands on before p99 passes the limit, on a Redis of the run's own (the platform's image).

One process publishes at a fixed pace, another subscribes; every message carries its time, both read one clock. The rate doubles
until a step fails twice (once may be a neighbour on the machine): the knee is the last rate that was held with every message
received and p99 within the limit.

`python -m loadtests.pubsub --base-url URL [--stack NAME]` takes the image from the running stack and prints the knee as JSON.
"""

import argparse
import contextlib
import json
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from loadtests.histogram import Histogram, percentile
from loadtests.machine import go_first
from loadtests.own_redis import READY_SECONDS, Address, PubSubError, command, connected, own_redis
from ops.containers import ContainersError, StackEngine
from services.contract.keyspace import CHANNEL_UPDATES

PACE_SECONDS = 0.005
STEP_SECONDS = 3.0
SETTLE_SECONDS = 1.5
START_RATE, LAST_RATE = 500.0, 64_000.0
PADDING = b"x" * 350
"""A price_update is about 400 bytes."""


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

    def as_data(self) -> dict[str, Any]:
        """Plain, for JSON."""
        return {"rate": self.rate, "reachedByMeter": self.reached_by_meter, "steps": [asdict(step) for step in self.steps]}


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
    with connected(address) as connection:
        connection.setblocking(False)
        began = time.monotonic()
        while (now := time.monotonic() - began) < STEP_SECONDS:
            due = int(now * rate) - sent
            batch = b"".join(command(b"PUBLISH", CHANNEL_UPDATES.encode(), _message()) for _ in range(due))
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
    with connected(address) as connection:
        connection.sendall(command(b"SUBSCRIBE", CHANNEL_UPDATES.encode()))
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


def redis_image(base_url: str, stack: str | None) -> str:
    """The digest of the image that the stack's Redis runs.

    Raises:
        PubSubError, ContainersError: there is none on this Docker engine.
    """
    with StackEngine(base_url, stack) as engine:
        images = [container.image for container in engine.containers() if container.service == "redis"]
    if not images:
        raise PubSubError("no Redis container of this stack on this Docker engine: its image is not known")
    return images[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 0 with the knee on standard output, 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.pubsub", description="Finds the knee of Redis' pub/sub.")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--stack")
    parser.add_argument("--limit-ms", type=float, default=50.0)
    options = parser.parse_args(arguments)
    try:
        with own_redis(redis_image(options.base_url, options.stack)) as address:
            knee = find_knee(lambda rate: measure_step(address, rate), options.limit_ms)
    except (PubSubError, ContainersError, OSError) as error:
        print(f"pubsub: {error}", file=sys.stderr)
        return 1
    print(json.dumps(knee.as_data()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
