"""When the kernel received what a socket gives: Linux' SO_TIMESTAMPNS, in Unix nanoseconds of this host's clock."""

import socket
import struct

SO_TIMESTAMPNS = 35
ANCILLARY_BYTES = 64


def ask_for_stamps(connection: socket.socket) -> None:
    """Before the first byte comes: what is queued without a stamp stays without."""
    connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def stamp_ns(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """The receive time in what `recvmsg` gave beside the bytes; of several segments it is the last one's, so never too early.

    None right after the first socket asked for it: the kernel switches stamping on a moment later.
    """
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", value[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None
