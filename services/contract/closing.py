"""WebSocket close codes of the platform, and what a client should do after each."""

from enum import IntEnum


class Close(IntEnum):
    """Codes 1000 to 1011 are the protocol's own (1002 framing, 1007 text not UTF-8, 1009 message over the limit)."""

    RESTART = 1012
    """This node goes away: reconnect, to any node, after the hint in the `draining` status."""
    BAD_MESSAGE = 4400
    """Not JSON, binary, or too many refused requests: mend the client, do not just reconnect."""
    TOKEN = 4401
    """Token missing, refused or expired: get a new one, then reconnect."""
    SILENT = 4408
    """No message within the first seconds, or no answer to a ping: reconnect when there is something to ask."""
    TOO_SLOW = 4413
    """The client does not read fast enough: reconnect, with fewer symbols or mode `ltp`."""
    TOO_MANY = 4429
    """Frames over the limit: reconnect slower."""


RECONNECT_AFTER = frozenset({Close.RESTART, Close.SILENT, Close.TOO_SLOW, Close.TOO_MANY})
"""Codes after which trying again with backoff makes sense; after the others something must change first."""
