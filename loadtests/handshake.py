"""Opens a WebSocket with the library's own handshake and hands over the bare descriptor for the receiver to read."""

import socket
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from loadtests.kernel_time import ask_for_stamps
from ops.access import Access
from services.contract.endpoints import CLIENT_KEY_HEADER

OPEN_SECONDS = 10.0
MAX_HEAD_BYTES = 16_384
HEAD_END = b"\r\n\r\n"


class HandshakeError(Exception):
    """The server did not take the socket; the text says how it answered."""


def open_socket(access: Access) -> tuple[int, bytes]:
    """Connect and upgrade; returns the descriptor, now the caller's, and what came after the handshake.

    Raises:
        HandshakeError: refused, timed out, or no WebSocket server.
    """
    parts = urlsplit(access.stream_url)
    protocol = ClientProtocol(parse_uri(access.stream_url))
    request = protocol.connect()
    if access.client_key:
        request.headers[CLIENT_KEY_HEADER] = access.client_key
    else:
        request.headers["Origin"] = access.origin
    protocol.send_request(request)
    try:
        connection = _connect(parts.hostname or "", parts.port or 80)
    except OSError as error:
        raise HandshakeError(f"connect: {error.strerror or error}") from error
    try:
        for data in protocol.data_to_send():
            connection.sendall(data)
        head, rest = _read_head(connection)
        protocol.receive_data(head)
    except OSError as error:
        connection.close()
        raise HandshakeError(f"upgrade: {error.strerror or error}") from error
    except HandshakeError:
        connection.close()
        raise
    if protocol.state is not State.OPEN:
        connection.close()
        status = head.split(b"\r\n", 1)[0].decode("latin-1")
        raise HandshakeError(f"upgrade refused: {status}")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection.detach(), rest


def _connect(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(OPEN_SECONDS)
        ask_for_stamps(connection)
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    read = b""
    while HEAD_END not in read:
        data = connection.recv(4096)
        if not data:
            raise HandshakeError(f"upgrade: connection ended after {len(read)} bytes")
        read += data
        if len(read) > MAX_HEAD_BYTES:
            raise HandshakeError("upgrade: the answer's head does not end")
    head, rest = read.split(HEAD_END, 1)
    return head + HEAD_END, rest
