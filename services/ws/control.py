"""Operators' messages on `market-data:control`: believed only when signed, timely, new and meant for this node."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError

from services.contract.messages import Control, Heartbeat
from services.contract.signing import WINDOW_SECONDS, is_timely, matches, sign_control

MAX_BYTES = 16_384
MAX_NONCES = 10_000


class ControlDesk:
    """Reads a message of the control channel; hands good ones on, counts the others by cause."""

    def __init__(
        self,
        key: str | None,
        node: str,
        on_control: Callable[[Control], None],
        on_beat: Callable[[str, int], None],
    ) -> None:
        self._key = key
        self._node = node
        self._on_control = on_control
        self._on_beat = on_beat
        self._nonces: dict[str, float] = {}
        self.dropped: Counter[str] = Counter()
        self.obeyed: Counter[str] = Counter()

    def take_message(self, raw: bytes) -> None:
        """Never raises: whoever reaches Redis can publish anything."""
        if len(raw) > MAX_BYTES:
            self.dropped["too_big"] += 1
            return
        try:
            beat = Heartbeat.model_validate_json(raw)
        except ValidationError:
            pass
        else:
            self._on_beat(beat.node, beat.beat)
            return
        cause, control = self._judge(raw, datetime.now(UTC).timestamp())
        if control is None:
            self.dropped[cause] += 1
            return
        try:
            self._on_control(control)
        except ValidationError:
            self.dropped["bad_data"] += 1
            return
        self.obeyed[control.action] += 1

    def _judge(self, raw: bytes, now: float) -> tuple[str, Control | None]:
        try:
            control = Control.model_validate_json(raw)
        except ValidationError:
            return "malformed", None
        if self._key is None:
            return "no_key", None
        if not matches(sign_control(self._key, control.model_dump(mode="json", by_alias=True)), control.signature):
            return "signature", None
        if not is_timely(control.timestamp.timestamp(), now):
            return "time", None
        if not self._is_new(control.nonce, now):
            return "replayed", None
        if control.scope not in ("all", self._node):
            return "scope", None
        return "", control

    def _is_new(self, nonce: str, now: float) -> bool:
        if len(self._nonces) >= MAX_NONCES:
            self._nonces = {key: until for key, until in self._nonces.items() if until > now}
        if self._nonces.get(nonce, 0.0) > now or len(self._nonces) >= MAX_NONCES:
            return False
        self._nonces[nonce] = now + 2 * WINDOW_SECONDS
        return True
