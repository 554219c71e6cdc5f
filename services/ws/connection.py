"""One socket: the library's connection plus what it lacks: conflation hooks, frame budget, write cap, guarded closing.

The library's keepalive never evicts a stuck reader (its ping waits for the full buffer), so it is off; keepalive.py does it.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import PayloadTooBig
from websockets.http11 import Request
from websockets.protocol import Event, State

from services.contract.closing import Close
from services.ws import wire
from services.ws.hub import Hub
from services.ws.limits import Bucket
from services.ws.outbox import Outbox

PING_FRAME = b"\x89\x00"
SHAKEN = Request("", Headers())
"""Stands for every request after its handshake: the library only asks whether there was one, its headers take 2 KiB a client."""
NOWHERE = -1
"""The descriptor of no socket: the system will give the old one to somebody else."""
ABORT_SECONDS = 2.0
"""How long a closed client may take to answer the close frame before its socket is dropped."""


@dataclass(frozen=True)
class ConnectionRules:
    """Limits of one socket, and what all sockets of a node share."""

    hub: Hub
    frames_per_second: float
    frame_burst: int
    write_cap_bytes: int
    max_message_bytes: int
    slow: "set[ClientConnection]" = field(default_factory=set)
    """Connections whose buffer is full now."""


class ClientConnection(ServerConnection):
    """`outbox` is what the hub writes to; None before the handshake is done and after the connection began to close."""

    def __init__(self, rules: ConnectionRules, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules
        self.outbox: Outbox | None = None
        self.client_id = ""
        self.address = ""
        self.heard = True
        """Whether any frame came since the last ping."""
        self.on_gone: Callable[[ClientConnection], None] = lambda _: None
        self.closed_for: Close | None = None
        """Why this node closed the connection; None when the client did."""
        self._budget: Bucket | None = None
        self._told_too_big = False

    def admit(self, client_id: str) -> Outbox:
        """The handshake is done: from here on the hub may write."""
        self.client_id = client_id
        self.request, self.response = SHAKEN, None
        self._budget = Bucket(self.rules.frames_per_second, self.rules.frame_burst, self.loop.time())
        self.outbox = Outbox(self.transport.get_extra_info("socket").fileno(), self.transport.write)
        return self.outbox

    def detach(self) -> None:
        """No price may be written after a close frame, nor to a socket that is gone; idempotent."""
        outbox, self.outbox = self.outbox, None
        self.rules.slow.discard(self)
        if outbox is not None:
            self.rules.hub.remove(outbox)
            outbox.address = NOWHERE

    def put(self, *lines: bytes) -> None:
        """Write text messages now, outside the stream of prices; dropped when the connection is closing."""
        if self.protocol.state is not State.OPEN or self.transport.is_closing():
            return
        with contextlib.suppress(RuntimeError, OSError):  # the transport may close between the check and the write
            self.transport.write(b"".join(wire.text_frame(line) for line in lines))
        if self.transport.get_write_buffer_size() > self.rules.write_cap_bytes:
            self.terminate(Close.TOO_SLOW, "write buffer full")

    @property
    def pending_bytes(self) -> int:
        """Bytes written but not yet taken by the kernel."""
        return self.transport.get_write_buffer_size()

    def ping_now(self) -> None:
        """Ask for a sign of life; keepalive.py looks for it at the next round."""
        self.heard = False
        with contextlib.suppress(RuntimeError, OSError):
            self.transport.write(PING_FRAME)

    def terminate(self, code: Close, reason: str) -> None:
        """Close without waiting for anybody: the close frame goes out if it can, the socket goes in any case."""
        if self.closed_for is None:
            self.closed_for = code
        self.detach()
        if self.protocol.state is State.OPEN:
            with contextlib.suppress(Exception):
                self.protocol.fail(code, reason)
                self.send_data()
        if self.transport.get_write_buffer_size() > self.rules.write_cap_bytes:
            self.transport.abort()
        else:
            self.loop.call_later(ABORT_SECONDS, self.transport.abort)

    # ---- what the library calls

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.outbox is not None:
            if self.protocol.state is not State.OPEN:
                self.detach()
            elif self.transport.get_write_buffer_size() > self.rules.write_cap_bytes:
                self.terminate(Close.TOO_SLOW, "write buffer full")

    def process_event(self, event: Event) -> None:
        self.heard = True
        if self._budget is not None and not self._budget.take(self.loop.time()):
            if self.protocol.state is State.OPEN:
                self._refuse_flood()
            return
        super().process_event(event)

    def _refuse_flood(self) -> None:
        rules = self.rules
        text = f"more than {rules.frames_per_second:g} frames per second (burst {rules.frame_burst})"
        self.put(wire.error("too_many_frames", text, limit=rules.frame_burst))
        self.terminate(Close.TOO_MANY, "frame rate")

    def send_data(self) -> None:
        if isinstance(self.protocol.parser_exc, PayloadTooBig) and not self._told_too_big and self._budget is not None:
            self._told_too_big = True
            limit = self.rules.max_message_bytes
            with contextlib.suppress(RuntimeError, OSError):
                self.transport.write(wire.text_frame(wire.error("too_big", f"message over {limit} bytes", limit=limit)))
        super().send_data()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.outbox is not None:
            self.outbox.pause(self.loop.time())
            self.rules.slow.add(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.rules.slow.discard(self)
        if self.outbox is not None:
            self.rules.hub.catch_up(self.outbox)

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self.detach()
            self.on_gone(self)
        finally:
            super().connection_lost(exc)

    @property
    def cause(self) -> str:
        """Why it ended: our reason, else the close code the client's end gave (1006: none)."""
        return self.closed_for.name.lower() if self.closed_for else str(self.protocol.close_code or 1006)
