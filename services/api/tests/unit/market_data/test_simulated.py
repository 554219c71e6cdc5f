"""Invented prices are the same for the same seed and scenario, at any speed and over a change of leader."""

import hashlib
import itertools

import pytest

from services.api.instruments import instruments
from services.api.sources.simulated import BEATS, DISTURBED, SimulatedSource
from services.contract.quotes import Session

ALL = frozenset(instruments())


async def digest(clock, scenario, speed, ticks=150, seed=7):
    """SHA-256 over all readings, times relative to the start."""
    source = SimulatedSource(seed, scenario, speed, wall=clock)
    source.start("")
    start, total = clock.now().replace(microsecond=0), hashlib.sha256()  # it opens at a full second
    for _ in range(ticks * BEATS):
        for r in await source.next(lambda: ALL):
            line = (r.symbol, str(r.price), str(r.high), str(r.low), r.volume, (r.source_time - start).total_seconds(), r.session)
            total.update(repr(line).encode())
    return total.hexdigest()


@pytest.mark.parametrize("scenario", ["open", "halt", "mute", "out-of-order", "holiday"])
async def test_the_same_seed_and_scenario_give_the_same_ticks_at_1x_and_60x(clock, scenario):
    slow = await digest(clock, scenario, 1)
    fast = await digest(clock, scenario, 60)
    assert slow == fast, "speed may only change the waiting"


async def test_another_seed_gives_other_ticks(clock):
    assert await digest(clock, "open", 1, 5, seed=1) != await digest(clock, "open", 1, 5, seed=2)


async def ticks_of(clock, scenario, ticks=130):
    source = SimulatedSource(1, scenario, 1, wall=clock)
    source.start("")
    beats = [await source.next(lambda: frozenset({"TCS"})) for _ in range(ticks * BEATS)]
    return [[r for beat in beats[first : first + BEATS] for r in beat] for first in range(0, len(beats), BEATS)]


async def test_every_instrument_ticks_once_a_second_and_no_two_beats_hold_the_same(clock):
    source = SimulatedSource(1, "open", 1, wall=clock)
    source.start("")
    beats = [{r.symbol for r in await source.next(lambda: ALL)} for _ in range(BEATS)]
    assert sum(map(len, beats)) == len(ALL)
    assert frozenset().union(*beats) == ALL, "each instrument ticks in each second"
    assert max(map(len, beats)) - min(map(len, beats)) <= 1, "a beat that holds most of them would be the burst to avoid"


async def test_a_halt_says_closed_once_and_then_nothing(clock):
    ticks = await ticks_of(clock, "halt")
    assert ticks[DISTURBED.start][0].session is Session.CLOSED, "the halt itself is told"
    assert all(not ticks[n] for n in DISTURBED if n > DISTURBED.start), "a halted stock does not tick"
    assert ticks[DISTURBED.stop][0].session is Session.OPEN


async def test_a_mute_feed_is_silent_though_the_market_is_open(clock):
    ticks = await ticks_of(clock, "mute")
    assert all(not ticks[n] for n in DISTURBED)
    assert ticks[DISTURBED.start - 1]
    assert ticks[DISTURBED.stop]


async def test_out_of_order_readings_do_come(clock):
    times = [batch[0].source_time for batch in await ticks_of(clock, "out-of-order")]
    assert any(b < a for a, b in itertools.pairwise(times)), "else the scenario would test nothing"


async def test_a_holiday_is_closed_and_silent(clock):
    ticks = await ticks_of(clock, "holiday")
    assert ticks[0][0].session is Session.CLOSED
    assert not any(ticks[1:])


async def test_a_new_leader_goes_on_with_the_same_walk(clock):
    alone = SimulatedSource(3, "open", 1, wall=clock)
    alone.start("")
    began = clock.now()
    for _ in range(195):
        await alone.next(lambda: frozenset())
    expected = {r.symbol: r for r in await alone.current(ALL)}

    clock.time = began
    first = SimulatedSource(3, "open", 1, wall=clock)
    first.start("")
    for _ in range(93):
        await first.next(lambda: frozenset())
    second = SimulatedSource(3, "open", 1, wall=clock)
    second.start(first.position())
    while second.beat < alone.beat:
        await second.next(lambda: frozenset())
    assert {r.symbol: r for r in await second.current(ALL)} == expected
