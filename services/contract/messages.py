"""The message catalogue: what a client may send, what it gets, and what crosses Redis.

The seed's shapes stay valid as they are; what was added (sequence, acknowledgement, snapshot, status) extends them.
`PROTOCOL_VERSION` rises when a client that ignores unknown fields would break.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from services.contract.quotes import Moment, Price, Quote, Signed, WireModel
from services.contract.symbols import Symbol

PROTOCOL_VERSION = 1


class Mode(StrEnum):
    """How much of a quote a client wants."""

    LTP = "ltp"
    """Last price, change, percent and time only."""
    QUOTE = "quote"


# ---- what the platform sends


class PriceUpdate(WireModel):
    """One tick of one symbol, made once by the ingesting API; the same bytes reach Redis, cache and browser.

    `seq` rises by one per symbol within an `epoch`; `fence` is the leader's term, a lower one is stale.
    `timestamp` and `ts` (Unix ms, fractional) are the time of publication, `data.timestamp` that of the source.
    """

    type: Literal["price_update"] = "price_update"
    symbol: Symbol
    data: Quote
    timestamp: Moment
    epoch: str
    fence: int
    seq: int
    ts: float


class LastPrice(WireModel):
    """A price update in mode `ltp`: made by the node from the same update, with the same order (`epoch`, `fence`, `seq`)."""

    type: Literal["last_price"] = "last_price"
    symbol: Symbol
    price: Price
    change: Signed | None = None
    change_percent: Signed | None = None
    timestamp: Moment
    epoch: str
    fence: int
    seq: int
    ts: float


class Connected(WireModel):
    """First frame on every socket."""

    type: Literal["connected"] = "connected"
    message: str = "Connected to Stock Tracker WebSocket"
    client_id: str
    timestamp: Moment
    protocol: int = PROTOCOL_VERSION
    node: str
    release: str


class Refusal(WireModel):
    """Why one symbol of a request was not taken."""

    symbol: str
    code: Literal["invalid_symbol", "unknown_symbol", "limit"]
    text: str


class _Acknowledgement(WireModel):
    """What of a request was done, what was refused, and how many symbols the client holds now of how many it may."""

    type: str
    symbols: list[Symbol]
    rejected: list[Refusal] = Field(default_factory=list)
    current: int
    limit: int


class Subscribed(_Acknowledgement):
    """Acknowledges subscribe and resync: `symbols` are held now."""

    type: Literal["subscribed"] = "subscribed"


class Unsubscribed(_Acknowledgement):
    """Acknowledges unsubscribe: `symbols` were given up; those that were not held are simply absent."""

    type: Literal["unsubscribed"] = "unsubscribed"


class Snapshot(WireModel):
    """The latest published update of each symbol asked for that has one. Always before the first update that follows."""

    type: Literal["snapshot"] = "snapshot"
    quotes: list[PriceUpdate]
    recovered: bool | None = None
    """Answer to resync: True when nothing was missed or all of it was replayed, False when only the newest is given."""


class Notice(WireModel):
    """An operator's words to the users."""

    text: str
    severity: Literal["info", "warning", "critical"] = "info"
    until: Moment | None = None


class StatusMessage(WireModel):
    """State of the stream as a whole."""

    type: Literal["status"] = "status"
    state: Literal["live", "degraded", "paused", "resumed", "draining"]
    reason: str | None = None
    notice: Notice | None = None
    retry_after_ms: int | None = None
    """With `draining`: spread reconnects over this time."""
    timestamp: Moment


class ErrorMessage(WireModel):
    """What was wrong with the client's last frame; `limit` and `current` where a limit was met."""

    type: Literal["error"] = "error"
    code: str
    text: str
    limit: int | None = None
    current: int | None = None
    timestamp: Moment


class Pong(WireModel):
    """Answer to ping, with its id."""

    type: Literal["pong"] = "pong"
    id: str | int | None = None
    timestamp: Moment


class Authenticated(WireModel):
    """The token was accepted until `expires`."""

    type: Literal["authenticated"] = "authenticated"
    subject: str
    expires: Moment


ServerMessage = Annotated[
    PriceUpdate
    | LastPrice
    | Connected
    | Subscribed
    | Unsubscribed
    | Snapshot
    | StatusMessage
    | ErrorMessage
    | Pong
    | Authenticated,
    Field(discriminator="type"),
]

# ---- what a client sends


class Subscribe(WireModel):
    """Symbols are judged one by one by the node: a bad one is refused, the others are taken."""

    action: Literal["subscribe"] = "subscribe"
    symbols: list[Any]
    mode: Mode = Mode.QUOTE


class Unsubscribe(WireModel):
    """Gives up symbols; idempotent."""

    action: Literal["unsubscribe"] = "unsubscribe"
    symbols: list[Any]


class Ping(WireModel):
    """Asks for a pong with the same id."""

    action: Literal["ping"] = "ping"
    id: str | int | None = None


class Auth(WireModel):
    """A user's token; in the first message, never in the URL."""

    action: Literal["auth"] = "auth"
    token: str


class Position(WireModel):
    """The last update a client applied for one symbol."""

    epoch: str
    seq: int


class Resync(WireModel):
    """After a reconnect: subscribes to these symbols and asks for what was missed since each position."""

    action: Literal["resync"] = "resync"
    symbols: dict[str, Position]
    mode: Mode = Mode.QUOTE


ClientMessage = Annotated[
    Subscribe | Unsubscribe | Ping | Auth | Resync,
    Field(discriminator="action"),
]

# ---- what crosses Redis beside price updates


class Demand(WireModel):
    """On CHANNEL_SUBSCRIPTIONS."""

    action: Literal["subscribe", "unsubscribe"]
    symbols: list[Symbol]
    node: str


class Heartbeat(WireModel):
    """On CHANNEL_CONTROL, unsigned: a ws node hears by it that Redis passes messages on (a paused Redis raises no error)."""

    action: Literal["heartbeat"] = "heartbeat"
    node: str
    beat: int


class Control(WireModel):
    """On CHANNEL_CONTROL: an operator's request, signed over its other fields (signing.sign_control), timed and scoped."""

    action: Literal["pause", "resume", "drain", "notice", "probe", "echo"]
    data: dict[str, Any] = Field(default_factory=dict)
    scope: str = "all"
    """`all` or one node id."""
    timestamp: Moment
    nonce: str
    signature: str = ""


server_message: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
