"""What becomes of an admitted connection: greeted, listened to until it ends, its end noted. Prices do not pass here."""

import secrets

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from services.ws.connection import ClientConnection
from services.ws.conversation import Conversation, ConversationRules
from services.ws.holdings import Services
from services.ws.log import Sampled

ORDINARY_ENDS = {"1000", "1001", "1005", "restart"}


def new_client_id(node: str) -> str:
    """Random and unguessable, with the end of the node's name so that a log line leads to it."""
    return f"{secrets.token_urlsafe(16)}-{node[-6:]}"


class Handler:
    """The library calls the instance with each admitted connection."""

    def __init__(self, rules: ConversationRules, services: Services) -> None:
        self._rules = rules
        self._services = services
        self._sampled = Sampled()

    async def __call__(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)
        outbox = connection.admit(new_client_id(self._rules.node))
        conversation = Conversation(connection, outbox, self._rules, self._services)
        try:
            conversation.greet()
            async for message in connection:
                await conversation.take(message)
        except ConnectionClosed:
            pass
        finally:
            conversation.end()
            self._note_end(connection)

    def _note_end(self, connection: ClientConnection) -> None:
        if connection.cause not in ORDINARY_ENDS:
            reason = connection.close_reason or ""
            self._sampled.info("client closed", client=connection.client_id, cause=connection.cause, reason=reason)
