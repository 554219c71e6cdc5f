"""All connected clients of this node: how many, from where, and one message to everybody."""

from collections import Counter
from collections.abc import Iterator

from services.ws.connection import ClientConnection


class Clients:
    """Counts are of admitted handshakes, so that a herd cannot slip through between handshake and greeting."""

    def __init__(self, slow: set[ClientConnection]) -> None:
        self.slow = slow
        """Those whose buffer is full now."""
        self._connections: set[ClientConnection] = set()
        self._addresses: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        """Ended connections by cause."""
        self.opened = 0

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[ClientConnection]:
        return iter(list(self._connections))

    def from_address(self, address: str) -> int:
        """Connections of one address."""
        return self._addresses[address]

    def add(self, connection: ClientConnection, address: str) -> None:
        """The handshake was let in."""
        connection.address = address
        connection.on_gone = self._discard
        self._connections.add(connection)
        self._addresses[address] += 1
        self.opened += 1

    def _discard(self, connection: ClientConnection) -> None:
        self._connections.discard(connection)
        self._addresses[connection.address] -= 1
        if not self._addresses[connection.address]:
            del self._addresses[connection.address]
        self.closed[connection.cause] += 1

    def tell(self, line: bytes) -> None:
        """One text message to every client that has been greeted."""
        for connection in self:
            if connection.outbox is not None:
                connection.put(line)
