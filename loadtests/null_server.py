"""A server that costs nothing: the error bar of the meter. `python -m loadtests.null_server` prints its address and serves until
its standard input ends.

It speaks just enough of the contract for a Locust viewer. Once a second it updates every symbol, all sockets back to back, as
the simulated source does; each frame is stamped right before its own write, so whatever a client measures above the moment of a
write is the client's own delay.
"""

import contextlib
import json
import select
import socket
import sys
import time

from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from loadtests.frames import PING, TEXT, split_masked
from services.contract.endpoints import QUOTES

SYMBOLS = [f"NULL{number:02}" for number in range(10)]
TICK_SECONDS = 1.0
PADDING = "x" * 200


def frame(text: str) -> bytes:
    """One unmasked text frame."""
    payload = text.encode()
    length = len(payload)
    head = bytes([0x80 | TEXT, length]) if length < 126 else bytes([0x80 | TEXT, 126]) + length.to_bytes(2)
    return head + payload


def update(symbol: str, seq: int) -> str:
    """A price_update of the platform's usual size, published now."""
    order = f'"epoch":"null","fence":1,"seq":{seq},"ts":{time.time() * 1000:.3f}'
    return f'{{"type":"price_update","symbol":"{symbol}","data":{{"symbol":"{symbol}","price":1.5,"pad":"{PADDING}"}},{order}}}'


class Peer:
    """One accepted connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.protocol: ServerProtocol | None = ServerProtocol()
        self.rest = b""
        self.symbols: list[str] = []

    def send(self, data: bytes) -> None:
        """A client of this server reads at once; one that does not is the meter's fault and gets less."""
        with contextlib.suppress(OSError):
            self.connection.send(data)


class NullServer:
    """One loop: accept, shake hands, note subscriptions, tick."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._poll = select.epoll()
        self._peers: dict[int, Peer] = {}
        self._seq = 0
        self._poll.register(self.listener, select.EPOLLIN)
        self._poll.register(sys.stdin, select.EPOLLIN)

    def serve(self) -> None:
        """Until standard input ends."""
        due = time.monotonic() + TICK_SECONDS
        while True:
            for descriptor, _ in self._poll.poll(max(0.0, due - time.monotonic())):
                if descriptor == sys.stdin.fileno():
                    return
                if descriptor == self.listener.fileno():
                    self._accept()
                else:
                    self._read(self._peers[descriptor])
            if time.monotonic() >= due:
                due += TICK_SECONDS
                self._tick()

    def _tick(self) -> None:
        self._seq += 1
        for peer in self._peers.values():
            if peer.symbols:
                peer.send(b"".join([frame(update(symbol, self._seq)) for symbol in peer.symbols]))

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peers[connection.fileno()] = Peer(connection)
        self._poll.register(connection, select.EPOLLIN)

    def _read(self, peer: Peer) -> None:
        try:
            data = peer.connection.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
        elif peer.protocol is not None:
            self._shake(peer, data)
        else:
            self._obey(peer, data)

    def _shake(self, peer: Peer, data: bytes) -> None:
        assert peer.protocol is not None
        if data.startswith(f"GET {QUOTES}".encode()):
            body = json.dumps({"quotes": [{"symbol": symbol} for symbol in SYMBOLS], "missing": []}).encode()
            peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            self._drop(peer)
            return
        peer.protocol.receive_data(data)
        for event in peer.protocol.events_received():
            if isinstance(event, Request):
                peer.protocol.send_response(peer.protocol.accept(event))
        peer.send(b"".join(peer.protocol.data_to_send()))
        if peer.protocol.state is State.OPEN:
            peer.protocol = None
            peer.send(frame('{"type":"connected"}'))

    def _obey(self, peer: Peer, data: bytes) -> None:
        frames, peer.rest = split_masked(peer.rest + data)
        for opcode, payload in frames:
            if opcode == TEXT:
                peer.symbols = json.loads(payload)["symbols"]
                peer.send(frame(json.dumps({"type": "subscribed", "symbols": peer.symbols})))
                started = ",".join(update(symbol, self._seq) for symbol in peer.symbols)
                peer.send(frame(f'{{"type":"snapshot","quotes":[{started}]}}'))
            elif opcode != PING:
                self._drop(peer)
                return

    def _drop(self, peer: Peer) -> None:
        self._peers.pop(peer.connection.fileno(), None)
        peer.connection.close()


if __name__ == "__main__":
    server = NullServer()
    print(server.url, flush=True)
    server.serve()
