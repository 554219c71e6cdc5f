"""Messages of the contract as bytes on a socket."""

from datetime import UTC, datetime

from pydantic import BaseModel

from services.contract.messages import ErrorMessage
from services.ws.update import Update, text_frame

__all__ = ["encode", "error", "moment", "now", "snapshot", "text_frame"]


def now() -> datetime:
    """The time stamped on messages."""
    return datetime.now(UTC)


def moment(unix_seconds: float) -> datetime:
    """A Unix time as the contract's moment."""
    return datetime.fromtimestamp(unix_seconds, UTC)


def encode(message: BaseModel) -> bytes:
    """One message, camelCase, every field of the schema present."""
    return message.model_dump_json(by_alias=True).encode()


def error(code: str, text: str, limit: int | None = None, current: int | None = None) -> bytes:
    """An error message."""
    return encode(ErrorMessage(code=code, text=text, limit=limit, current=current, timestamp=now()))


def snapshot(updates: list[Update], recovered: bool | None = None) -> bytes:
    """A snapshot from finished lines: the API's bytes are not made again."""
    mark = {None: b"null", True: b"true", False: b"false"}[recovered]
    return b'{"type":"snapshot","quotes":[' + b",".join(update.line for update in updates) + b'],"recovered":' + mark + b"}"
