"""The exchange's day: which days trade and which session a moment belongs to. All moments in, IST inside.

Holidays and special sessions come from holidays.toml beside this file (rules and dates as published for 2026; a newer file may be
mounted over it). A day that a recording exists for has traded, whatever the calendar says: pass `traded=True`.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path

from services.contract.quotes import Session

IST = timezone(timedelta(hours=5, minutes=30), "IST")
CLOSING_AUCTION_FROM = date(2026, 8, 3)
_HOLIDAYS = Path(__file__).with_name("holidays.toml")

Phases = tuple[tuple[time, Session], ...]

_BEFORE: Phases = (
    (time(9, 0), Session.PREOPEN), (time(9, 15), Session.OPEN), (time(15, 30), Session.CLOSED),
    (time(15, 40), Session.POSTCLOSE), (time(16, 0), Session.CLOSED),
)  # fmt: skip
_WITH_AUCTION: Phases = (
    (time(9, 0), Session.PREOPEN), (time(9, 15), Session.OPEN), (time(15, 15), Session.CLOSING_AUCTION),
    (time(15, 35), Session.CLOSED), (time(15, 50), Session.POSTCLOSE), (time(16, 0), Session.CLOSED),
)  # fmt: skip
_WITHOUT_AUCTION: Phases = (
    (time(9, 0), Session.PREOPEN), (time(9, 15), Session.OPEN), (time(15, 30), Session.CLOSED),
    (time(15, 50), Session.POSTCLOSE), (time(16, 0), Session.CLOSED),
)  # fmt: skip


@dataclass(frozen=True)
class SpecialSession:
    """Trading on a day or at a time that the week would not have, e.g. the budget on a Sunday or muhurat in the evening."""

    name: str
    opens: time
    closes: time


@dataclass(frozen=True)
class Calendar:
    """Holidays and special sessions of the years it was made for."""

    holidays: dict[date, str]
    specials: dict[date, SpecialSession]

    def trades_on(self, day: date) -> bool:
        """Whether there is any session on this IST date."""
        return day in self.specials or (day.weekday() < 5 and day not in self.holidays)

    def phases(self, day: date, *, auction: bool = True) -> Phases:
        """Start times of the day's sessions, as for a trading day. `auction`: the stock takes part in the closing auction
        (all F&O stocks do, and so the indices stand still)."""
        special = self.specials.get(day)
        if special is not None:
            return (
                (_minus(special.opens, 15), Session.PREOPEN),
                (special.opens, Session.OPEN),
                (special.closes, Session.CLOSED),
            )
        if day < CLOSING_AUCTION_FROM:
            return _BEFORE
        return _WITH_AUCTION if auction else _WITHOUT_AUCTION

    def session_at(self, moment: datetime, *, auction: bool = True, traded: bool = False) -> Session:
        """The session `moment` belongs to; a boundary belongs to what begins."""
        local = moment.astimezone(IST)
        if not traded and not self.trades_on(local.date()):
            return Session.CLOSED
        found = Session.CLOSED
        for start, session in self.phases(local.date(), auction=auction):
            if local.time() >= start:
                found = session
        return found

    def next_open(self, moment: datetime) -> datetime:
        """Start of the next continuous trading after `moment`, in IST."""
        local = moment.astimezone(IST)
        for ahead in range(30):
            day = local.date() + timedelta(days=ahead)
            if not self.trades_on(day):
                continue
            opens = next(start for start, session in self.phases(day) if session is Session.OPEN)
            start = datetime.combine(day, opens, IST)
            if start > local:
                return start
        raise ValueError(f"no trading day within 30 days of {local.date()}: the holidays file is wrong")

    def last_close(self, moment: datetime) -> datetime:
        """When trading last ended (the closing auction too) at or before `moment`, in IST."""
        local = moment.astimezone(IST)
        for ago in range(30):
            day = local.date() - timedelta(days=ago)
            if not self.trades_on(day):
                continue
            ends = next(start for start, session in self.phases(day) if session is Session.CLOSED)
            end = datetime.combine(day, ends, IST)
            if end <= local:
                return end
        raise ValueError(f"no trading day within 30 days before {local.date()}: the holidays file is wrong")


def _minus(moment: time, minutes: int) -> time:
    return (datetime.combine(date(2000, 1, 2), moment) - timedelta(minutes=minutes)).time()


@cache
def load_calendar(path: Path = _HOLIDAYS) -> Calendar:
    """Read a holidays file: `[holidays]` date = name, `[specials]` date = {name, opens, closes}."""
    content = tomllib.loads(path.read_text())
    holidays = {date.fromisoformat(day): name for day, name in content.get("holidays", {}).items()}
    specials = {date.fromisoformat(day): SpecialSession(**special) for day, special in content.get("specials", {}).items()}
    return Calendar(holidays, specials)
