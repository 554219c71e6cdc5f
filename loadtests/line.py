"""One held socket of the meter: read without waiting, with the kernel's receive time of what was read."""

import contextlib
import socket as plain_socket

import gevent.event
import gevent.monkey

from loadtests.frames import masked
from loadtests.kernel_time import ANCILLARY_BYTES, stamp_ns
from loadtests.ledger import Seat

READ_BYTES = 65_536

_socket = gevent.monkey.get_original("socket", "socket")


class Line:
    """One held socket. `ready` is set when the subscription is acknowledged."""

    __slots__ = ("connected_at", "descriptor", "ended", "ready", "rest", "seat", "socket")

    def __init__(self, descriptor: int, seat: Seat) -> None:
        self.socket: plain_socket.socket = _socket(fileno=descriptor)
        self.socket.setblocking(False)
        self.descriptor = descriptor
        self.seat = seat
        self.rest = b""
        self.ended = ""
        self.ready = gevent.event.Event()
        self.connected_at: float | None = None

    def send(self, opcode: int, payload: bytes) -> None:
        """One short frame. A socket that cannot take it is about to end, which the reader will see."""
        with contextlib.suppress(OSError):
            self.socket.send(masked(opcode, payload))

    def read(self) -> tuple[bytes, int | None]:
        """What has come, and when the kernel received the last of it (Unix ns).

        Raises:
            OSError: nothing has come (BlockingIOError), or the connection is broken.
        """
        data, ancillary, _, _ = self.socket.recvmsg(READ_BYTES, ANCILLARY_BYTES)
        return data, stamp_ns(ancillary)
