"""A browser that holds a socket: connects, subscribes to its symbols, and then only listens (the receiver reads for it)."""

import itertools
import json
import time
from typing import Any, ClassVar

import gevent
from locust import User

from loadtests.frames import TEXT
from loadtests.handshake import HandshakeError, open_socket
from loadtests.line import Line
from loadtests.profiles import watched
from loadtests.reading import CONNECT

READY_SECONDS = 10.0


def listen(_: "Viewer") -> None:
    """The receiver does it for all; stopping the user ends the sleep."""
    gevent.sleep(3600)


class Viewer(User):  # type: ignore[misc]
    """`environment.load` says how many symbols it watches, `environment.symbols` which there are."""

    tasks: ClassVar = [listen]
    _numbers = itertools.count()

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._line: Line | None = None

    def on_start(self) -> None:
        """Connect and subscribe."""
        self._open()

    def on_stop(self) -> None:
        """Close, unless the server did."""
        if self._line is not None:
            self.environment.meter.receiver.release(self._line)

    def _open(self) -> None:
        began = time.time()
        meter = self.environment.meter
        symbols = watched(self.environment.symbols, self.environment.load.symbols_per_user, next(self._numbers))
        try:
            descriptor, rest = open_socket(self.environment.access)
        except HandshakeError as error:
            self._fail(began, str(error))
            return
        self._line = line = Line(descriptor, meter.receiver.ledger.seat(symbols))
        meter.receiver.hold(line, rest)
        line.send(TEXT, json.dumps({"action": "subscribe", "symbols": symbols}).encode())
        if not line.ready.wait(READY_SECONDS):
            self._fail(began, f"no acknowledgement of the subscription within {READY_SECONDS:g} s")
            return
        self._report(began, ((line.connected_at or time.time()) - began) * 1000)

    def _fail(self, began: float, reason: str) -> None:
        self.environment.meter.lose(reason)
        self._report(began, (time.time() - began) * 1000, RuntimeError(reason))

    def _report(self, began: float, took_ms: float, exception: Exception | None = None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=CONNECT,
            response_time=took_ms,
            response_length=0,
            exception=exception,
            context={},
            start_time=began,
        )
