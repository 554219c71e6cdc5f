"""One price update as the node handles it: identity for ordering, and the finished frames. No I/O.

The API made the line; its bytes go to the client untouched. Frames are made once per update, not per client.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Never

from websockets.frames import Frame, Opcode

from services.contract.messages import Mode
from services.contract.symbols import parse_symbol

MAX_LINE_BYTES = 16_384


def text_frame(data: bytes) -> bytes:
    """The bytes of an unmasked, unfragmented text frame."""
    return Frame(Opcode.TEXT, data).serialize(mask=False)


def _no_constants(name: str) -> Never:
    raise ValueError(f"{name} is not a number")


_decoder = json.JSONDecoder(parse_constant=_no_constants)


@dataclass(slots=True, eq=False)
class Update:
    """`epoch`, `fence`, `seq` order updates of one symbol; `ts_ms` is the publication, `received` the arrival (Unix seconds)."""

    symbol: str
    epoch: str
    fence: int
    seq: int
    ts_ms: float
    line: bytes
    data: dict[str, Any]
    received: float = 0.0
    frame: bytes = b""
    _last_price: bytes = field(default=b"", repr=False)

    def frame_for(self, mode: Mode) -> bytes:
        """The frame in the mode a client asked for; made on first use."""
        if mode is Mode.QUOTE:
            if not self.frame:
                self.frame = text_frame(self.line)
            return self.frame
        if not self._last_price:
            self._last_price = text_frame(self._last_price_line())
        return self._last_price

    def _last_price_line(self) -> bytes:
        data = self.data
        short = {
            "type": "last_price",
            "symbol": self.symbol,
            "price": data["price"],
            "change": data.get("change"),
            "changePercent": data.get("changePercent"),
            "timestamp": data.get("timestamp"),
            "epoch": self.epoch,
            "fence": self.fence,
            "seq": self.seq,
            "ts": self.ts_ms,
        }
        return json.dumps(short, separators=(",", ":")).encode()


def parse_update(line: bytes, received: float = 0.0) -> Update:
    """Read one `price_update` line; fields that this node does not use are passed on, so an API newer than it is heard.

    Raises:
        ValueError: it is not one: too long, not JSON, NaN, or a field that orders or names it is missing or of wrong type.
    """
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"line of {len(line)} bytes, limit {MAX_LINE_BYTES}")
    message = _decoder.decode(line.decode())
    if not isinstance(message, dict) or message.get("type") != "price_update":
        raise ValueError("not a price_update")
    data, epoch = message.get("data"), message.get("epoch")
    fence, seq, ts_ms = message.get("fence"), message.get("seq"), message.get("ts")
    if type(fence) is not int or type(seq) is not int or not isinstance(epoch, str) or not isinstance(ts_ms, int | float):
        raise ValueError("epoch, fence, seq or ts is missing or of another type")
    if not isinstance(data, dict) or not _is_price(data.get("price")):
        raise ValueError("no finite price above 0")
    return Update(parse_symbol(message.get("symbol", "")), epoch, fence, seq, float(ts_ms), line, data, received)


def _is_price(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
