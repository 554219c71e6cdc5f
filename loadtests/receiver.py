"""One greenlet per process reads every socket: its own epoll, the kernel's receive time, everything only counted.

A greenlet per socket measures itself: the 125th socket of an update waits until 124 greenlets have run. Here the latency is the
kernel's receive time (SO_TIMESTAMPNS) minus the publish time in the message, so that waiting for Python is not in it; that wait,
from the kernel's receipt to our read, is counted as its own row, the *reader delay*. Both clocks are this host's.
"""

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
import gevent.monkey

from loadtests.frames import CLOSE, PING, PONG, TEXT, FrameError, close_code, split
from loadtests.histogram import Histogram
from loadtests.ledger import Ledger, Track
from loadtests.line import Line

GATHER_SECONDS = 0.001
"""Sockets fill by the hundred at once: one wake-up for many of them, for each one takes a core from the platform."""
DIGESTED_AT_ONCE = 64
BACKLOG = 4096
"""So many reads may wait for a pause; what is beyond is digested at once, so that memory stays bounded."""
KNOWN_LINES = 4096
"""How many message bodies are remembered decoded; every socket gets the same bytes."""

_epoll = gevent.monkey.get_original("select", "epoll")
_READABLE = 0x001  # EPOLLIN; hang-up and error always come too

Update = tuple[Track, int, float]


class Receiver:
    """Reads all lines of this process. `on_lost(line, reason)` is called when one ends that was not released."""

    def __init__(self, on_lost: Callable[[Line, str], None]) -> None:
        self.ledger = Ledger()
        self.latency = Histogram()
        self.reader_delay = Histogram()
        self.statuses: dict[str, int] = {}
        """Frames that are neither price nor acknowledgement, by kind: `status degraded`, `error limit`."""
        self.clock_faults = 0
        """Measured messages that came before they were published, or without the kernel's receive time."""
        self._on_lost = on_lost
        self._lines: dict[int, Line] = {}
        self._known: dict[bytes, Update] = {}
        self._unread: deque[tuple[Line, bytes, int | None]] = deque()
        self._poll = _epoll()
        gevent.spawn(self._run)

    @property
    def held(self) -> int:
        """How many sockets are open now."""
        return len(self._lines)

    def hold(self, line: Line, already_read: bytes) -> None:
        """Read `line` from now on; `already_read` is what came with the handshake."""
        self._lines[line.descriptor] = line
        if already_read:
            self._digest(line, already_read, time.time_ns())
        if line.descriptor in self._lines:
            self._poll.register(line.descriptor, _READABLE)

    def release(self, line: Line) -> None:
        """End a line on our own account."""
        if self._drop(line):
            line.send(CLOSE, (1000).to_bytes(2))
            line.socket.close()

    def begin_stage(self) -> None:
        """Forget what was counted; nobody is held between two stages."""
        self.ledger = Ledger()
        self._known.clear()
        self.latency.take()
        self.reader_delay.take()
        self.statuses.clear()
        self.clock_faults = 0

    def open_window(self, now_ms: float) -> None:
        """Measure updates published from now on."""
        self.ledger.opened_ms = now_ms

    def close_window(self, now_ms: float) -> None:
        """Updates published from now on no longer count; those under way still do."""
        self.ledger.closed_ms = now_ms

    def _run(self) -> None:
        """Read in gulps, digest in pauses: what was read has its time, and the platform needs the cores while updates go out."""
        hub = gevent.get_hub()
        watcher = hub.loop.io(self._poll.fileno(), 1)
        while True:
            if not self._unread:
                hub.wait(watcher)
            gevent.sleep(GATHER_SECONDS)
            self._digest_in_pauses(was_pause=not self._read_all())

    def _read_all(self) -> bool:
        """Whether anything had come."""
        ready = self._poll.poll(0, 4096)
        for descriptor, _ in ready:
            line = self._lines.get(descriptor)
            if line is not None:
                self._read(line)
        return bool(ready)

    def _digest_in_pauses(self, *, was_pause: bool) -> None:
        while self._unread and (was_pause or len(self._unread) > BACKLOG):
            for _ in range(min(len(self._unread), DIGESTED_AT_ONCE)):
                self._digest(*self._unread.popleft())
            was_pause = was_pause and not self._read_all()

    def _read(self, line: Line) -> None:
        try:
            data, stamp_ns = line.read()
        except BlockingIOError:
            return
        except OSError as error:
            self._ends(line, error.strerror or type(error).__name__)
            return
        if not data:
            self._ends(line, "connection ended without a close frame")
            return
        if stamp_ns is not None and self.ledger.opened_ms <= stamp_ns / 1e6 < self.ledger.closed_ms:
            self.reader_delay.add((time.time_ns() - stamp_ns) / 1e6)
        self._unread.append((line, data, stamp_ns))

    def _ends(self, line: Line, reason: str) -> None:
        """No more bytes will come; a close frame that gives the real reason may still be among the undigested."""
        line.ended = reason
        self._poll.unregister(line.descriptor)
        self._unread.append((line, b"", None))

    def _digest(self, line: Line, data: bytes, received_ns: int | None) -> None:
        if self._lines.get(line.descriptor) is not line:
            return
        if line.ended and not data:
            self._lost(line, line.ended)
            return
        try:
            frames, line.rest = split(line.rest + data if line.rest else data)
        except FrameError as error:
            self._lost(line, str(error))
            return
        counted = self._take(line, frames, (received_ns or time.time_ns()) / 1e6)
        if counted and received_ns is None:
            self.clock_faults += 1

    def _take(self, line: Line, frames: list[tuple[int, bytes]], received_ms: float) -> bool:
        """Whether an update of the measured window was among the frames."""
        counted = False
        for opcode, payload in frames:
            if opcode == TEXT:
                counted |= self._message(line, payload, received_ms)
            elif opcode == PING:
                line.send(PONG, payload)
            elif opcode == CLOSE:
                self._lost(line, f"closed by the server with {close_code(payload)}")
                break
        return counted

    def _message(self, line: Line, payload: bytes, received_ms: float) -> bool:
        update = self._known.get(payload)
        if update is None:
            message = json.loads(payload)
            if message.get("type") != "price_update":
                self._other(line, message, received_ms)
                return False
            update = (self.ledger.track(message), message["seq"], message["ts"])
            if len(self._known) >= KNOWN_LINES:
                self._known.clear()
            self._known[payload] = update
        track, seq, published_ms = update
        if not self.ledger.take(line.seat, track, seq, published_ms):
            return False
        if received_ms < published_ms:
            self.clock_faults += 1
        self.latency.add(max(0.0, received_ms - published_ms))
        return True

    def _other(self, line: Line, message: dict[str, Any], received_ms: float) -> None:
        kind = message.get("type")
        if kind == "connected":
            line.connected_at = received_ms / 1000
        elif kind == "subscribed":
            refused = [refusal["symbol"] for refusal in message.get("rejected", [])]
            if refused:
                self._lost(line, f"subscription refused for {', '.join(refused)}")
                return
            line.seat.subscribed_ms = received_ms
            line.ready.set()
        elif kind == "snapshot":
            for update in message["quotes"]:
                self.ledger.snapshot(line.seat, update)
        else:
            name = f"{kind} {message.get('state') or message.get('code') or ''}".strip()
            self.statuses[name] = self.statuses.get(name, 0) + 1

    def _lost(self, line: Line, reason: str) -> None:
        if self._drop(line):
            line.socket.close()
            self._on_lost(line, reason)

    def _drop(self, line: Line) -> bool:
        if self._lines.get(line.descriptor) is not line:
            return False
        del self._lines[line.descriptor]
        with contextlib.suppress(OSError):  # not registered yet
            self._poll.unregister(line.descriptor)
        return True
