"""A played day touches every open, high, low and close, and ends exactly where the file ends."""

import itertools
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from services.api.market_calendar import IST
from services.api.sources.day_file import Bar, Day
from services.api.sources.replay import ReplaySource, points_of
from services.contract.quotes import Session

START = datetime(2026, 6, 12, 9, 15, tzinfo=IST)


def make_day(symbols=("AAA", "BBB"), bars=6, minutes=5, gap_at=None, seed=1):
    """Random but valid bars; `gap_at` leaves one bar out for every symbol but the first."""
    dice = random.Random(seed)
    made = []
    for number in range(bars):
        for symbol in symbols:
            if number == gap_at and symbol != symbols[0]:
                continue
            low, high = sorted(dice.randint(9_000, 11_000) for _ in range(2))
            opened, close = dice.randint(low, high), dice.randint(low, high)
            o, h, lo, c = (Decimal(p) / 100 for p in (opened, high, low, close))
            made.append(Bar(START + timedelta(minutes=minutes * number), symbol, o, h, lo, c, dice.randint(0, 999)))
    return Day(START.date(), made, timedelta(minutes=minutes), {"AAA": Decimal(100)}, "digest", frozenset(symbols))


def expected_end(day):
    ends = {}
    for bar in day.bars:
        if bar.symbol not in ends:
            ends[bar.symbol] = [bar.open, bar.high, bar.low, bar.close, bar.volume]
            continue
        held = ends[bar.symbol]
        held[1:] = [max(held[1], bar.high), min(held[2], bar.low), bar.close, held[4] + bar.volume]
    return {symbol: tuple(values) for symbol, values in ends.items()}


async def play(source, wanted=None):
    """All readings until the day is closed."""
    readings = []
    chosen = frozenset(wanted or source.catalogue)
    while True:
        batch = await source.next(lambda: chosen)
        readings += batch
        if batch and batch[0].session is Session.CLOSED:
            return readings


@pytest.mark.parametrize("gap_at", [None, 3, 0, 5])
@pytest.mark.parametrize("minutes", [1, 5])
async def test_the_end_of_day_equals_the_file_for_every_symbol(minutes, gap_at):
    day = make_day(("AAA", "BBB", "CCC"), minutes=minutes, gap_at=gap_at)
    source = ReplaySource(day, "max")
    source.start("")
    last = {reading.symbol: reading for reading in await play(source)}
    got = {s: (r.open, r.high, r.low, r.price, r.volume) for s, r in last.items()}
    assert got == expected_end(day), "after the last bar the platform must show the day's own figures"
    again = await source.current(day.symbols)
    assert {r.symbol: r.price for r in again} == {s: r.price for s, r in last.items()}, "and go on serving them"


def test_a_bar_goes_to_the_nearer_extreme_first():
    ten, fifteen, nine, twelve, fourteen = map(Decimal, (10, 15, 9, 12, 14))
    assert points_of(Bar(START, "A", ten, fifteen, nine, twelve, 1)) == (ten, nine, fifteen, twelve)
    assert points_of(Bar(START, "A", fourteen, fifteen, nine, twelve, 1)) == (fourteen, fifteen, nine, twelve)


async def test_volume_and_time_never_fall_and_each_bar_has_four_points():
    source = ReplaySource(make_day(), "max")
    source.start("")
    seen = defaultdict(list)
    for reading in await play(source):
        seen[reading.symbol].append(reading)
    for readings in seen.values():
        assert len(readings) == 6 * 4 + 1, "four points a bar and the closing one"
        assert all(a.volume <= b.volume for a, b in itertools.pairwise(readings))
        assert all(a.source_time <= b.source_time for a, b in itertools.pairwise(readings))


async def test_only_wanted_symbols_come_out_and_a_newly_wanted_one_is_current():
    source = ReplaySource(make_day(), "max")
    source.start("")
    assert {r.symbol for r in await play(source, {"BBB"})} == {"BBB"}
    (late,) = await source.current(frozenset({"AAA"}))
    assert late.price == expected_end(source.day)["AAA"][3], "a symbol nobody wanted has been kept up to date all the same"


async def test_speed_divides_the_waiting(clock):
    source = ReplaySource(make_day(), 60, wall=clock)
    source.start("")
    began = clock.now()
    await play(source)
    assert (clock.now() - began).total_seconds() == pytest.approx(6 * 300 / 60), "30 minutes at 60x are 30 seconds"


async def test_a_new_leader_goes_on_where_the_old_one_stopped(clock):
    day = make_day()
    first = ReplaySource(day, 60, wall=clock)
    first.start("")
    for _ in range(7):
        await first.next(lambda: day.symbols)
    position = first.position()
    clock.pass_by(6)
    second = ReplaySource(day, 60, wall=clock)
    second.start(position)
    (reading,) = await second.current(frozenset({"AAA"}))
    assert reading.source_time > START + timedelta(minutes=10), "the market went on while nobody led"
    assert {r.symbol: (r.price, r.volume) for r in await play(second)} == {
        s: (v[3], v[4]) for s, v in expected_end(day).items()
    }, "and the end is the same"


async def test_a_leader_that_follows_after_the_close_does_not_open_the_market_again(clock):
    day = make_day()
    first = ReplaySource(day, 60, wall=clock)
    first.start("")
    await play(first)
    second = ReplaySource(day, 60, wall=clock)
    second.start(first.position())
    readings = await second.current(day.symbols)
    assert {reading.session for reading in readings} == {Session.CLOSED}


async def test_a_position_of_another_run_starts_the_day_anew(clock):
    source = ReplaySource(make_day(), 60, wall=clock)
    other = ReplaySource(make_day(seed=2), 1000, wall=clock)
    other.start("")
    source.start(other.position())
    first = await source.next(lambda: frozenset({"AAA"}))
    assert first[0].source_time == START


async def test_readings_are_in_ist_moments_that_mean_the_bars_own():
    source = ReplaySource(make_day(), "max")
    source.start("")
    first = await source.next(lambda: frozenset({"AAA"}))
    assert first[0].source_time.astimezone(UTC) == datetime(2026, 6, 12, 3, 45, tzinfo=UTC)
    assert first[0].session is Session.OPEN
