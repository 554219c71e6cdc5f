"""Invented prices that need nothing: one tick a second for every instrument, the same for the same seed and scenario at any
speed. As on an exchange they do not all tick at once: each instrument has its beat in the second.

Each step is drawn from a hash of seed, symbol and tick number, so a new leader goes on exactly where the old one stopped.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.api.clock import Clock, ScaledClock, WallClock
from services.api.instruments import instruments
from services.api.settings import Scenario
from services.api.sources import Reading, Wanted
from services.contract.quotes import Session, Status
from services.contract.symbols import is_index

TICK = timedelta(seconds=1)
BEATS = 10
"""In a tick. A tenth of the instruments moves in each, so that no client and no edge gets a second's work in one moment."""
DISTURBED = range(60, 120)
"""Ticks in which `halt`, `mute` and `out-of-order` show; again every 600 ticks."""
DISTURBED_EVERY = 600


@dataclass(slots=True)
class Walk:
    """One symbol's day so far, in paise and shares."""

    base: int
    open: int
    high: int
    low: int
    last: int
    volume: int

    def step(self, noise: bytes, tradable: bool) -> None:
        """Move by up to 5 hundredths of a percent, pulled gently back to the base; at least one tick size (5 paise) fits in."""
        span = max(5, self.base // 2000)
        move = int.from_bytes(noise[:4], "big") % (2 * span + 1) - span + (self.base - self.last) // 400
        self.last = max(5, self.last + round(move / 5) * 5)
        self.high, self.low = max(self.high, self.last), min(self.low, self.last)
        if tradable:
            self.volume += int.from_bytes(noise[4:6], "big") % 900


def draw(seed: int, symbol: str, tick: int) -> bytes:
    """Eight bytes that depend on nothing else."""
    return hashlib.blake2b(f"{seed}|{symbol}|{tick}".encode(), digest_size=8).digest()


class SimulatedSource:
    """The source `simulated`."""

    name = "simulated"
    status = Status.SIMULATED

    def __init__(self, seed: int = 1, scenario: Scenario = "open", speed: float = 1.0, wall: Clock | None = None) -> None:
        self.seed = seed
        self.scenario = scenario
        self.speed = speed
        self.catalogue: frozenset[str] | None = frozenset(instruments())
        self._wall = wall or WallClock()
        self._identity = f"{seed} {scenario} {speed}"
        self._beat_of = {symbol: place % BEATS for place, symbol in enumerate(sorted(instruments()))}
        self._begin(self._wall.now().replace(microsecond=0))

    def _begin(self, opens: datetime) -> None:
        self.beat = -1
        self._opens = opens
        self._clock: Clock = ScaledClock(opens, opens, self.speed, self._wall)
        self._walks = {symbol: self._first(symbol) for symbol in sorted(instruments())}

    def _first(self, symbol: str) -> Walk:
        base = int(instruments()[symbol].simulated_price * 100)
        gap = int.from_bytes(draw(self.seed, symbol, -1)[:2], "big") % 201 - 100
        opened = base + round(base * gap / 10_000 / 5) * 5
        return Walk(base, opened, opened, opened, opened, 0)

    def start(self, position: str) -> None:
        left = json.loads(position) if position else {}
        if left.get("run") != self._identity:
            self._begin(self._wall.now().replace(microsecond=0))
            return
        self._begin(datetime.fromisoformat(left["opens"]))
        self.beat = left["beat"]
        self._walks |= {symbol: Walk(**walk) for symbol, walk in left["walks"].items() if symbol in self._walks}
        while self._due(self.beat + 1) <= self._clock.now():
            self._advance()

    def position(self) -> str:
        walks = {symbol: asdict(walk) for symbol, walk in self._walks.items()}
        return json.dumps(
            {"run": self._identity, "opens": self._opens.astimezone(UTC).isoformat(), "beat": self.beat, "walks": walks}
        )

    async def next(self, wanted: Wanted) -> Sequence[Reading]:
        await self._clock.sleep_until(self._due(self.beat + 1))
        self._advance()
        if self._is_silent():
            return []
        chosen = wanted()
        return [self._reading(symbol) for symbol in self._moving() if symbol in chosen]

    async def current(self, symbols: frozenset[str]) -> Sequence[Reading]:
        return [self._reading(symbol) for symbol in self._walks if symbol in symbols]

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def tick(self) -> int:
        """Seconds of market time since it began; -1 before."""
        return self.beat // BEATS

    def _due(self, beat: int) -> datetime:
        return self._opens + beat * TICK / BEATS

    def _moving(self) -> list[str]:
        return [symbol for symbol, beat in self._beat_of.items() if beat == self.beat % BEATS]

    def _last_beat(self, symbol: str) -> int:
        """The beat in which it moved last; before its first, the opening."""
        return max(0, self.beat - (self.beat - self._beat_of[symbol]) % BEATS)

    def _advance(self) -> None:
        self.beat += 1
        if self.scenario == "holiday" or (self.scenario == "halt" and self._is_disturbed()):
            return
        for symbol in self._moving():
            self._walks[symbol].step(draw(self.seed, symbol, self.tick), tradable=not is_index(symbol))

    def _is_disturbed(self) -> bool:
        return self.tick % DISTURBED_EVERY in DISTURBED

    def _is_silent(self) -> bool:
        """No reading at all: the feed is mute, or nothing trades and that has been said once."""
        if self.scenario == "holiday":
            return self.tick > 0
        halted_before = (self.tick - 1) % DISTURBED_EVERY in DISTURBED
        return self._is_disturbed() and (self.scenario == "mute" or (self.scenario == "halt" and halted_before))

    def _reading(self, symbol: str) -> Reading:
        walk = self._walks[symbol]
        late = self.scenario == "out-of-order" and self._is_disturbed() and self.tick % 2 == 1
        closed = self.scenario == "holiday" or (self.scenario == "halt" and self._is_disturbed())
        return Reading(
            symbol=symbol,
            price=rupees(walk.last),
            source_time=self._due(self._last_beat(symbol)) - (5 * TICK if late else timedelta(0)),
            session=Session.CLOSED if closed else Session.OPEN,
            open=rupees(walk.open),
            high=rupees(walk.high),
            low=rupees(walk.low),
            previous_close=rupees(walk.base),
            volume=None if is_index(symbol) else walk.volume,
        )


def rupees(paise: int) -> Decimal:
    """Paise as rupees with two places."""
    return Decimal(paise).scaleb(-2)
