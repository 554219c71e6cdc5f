"""One call for many who ask, an old value while a new one is fetched, the old one when none comes."""

import asyncio

import pytest

from services.api.cache import Cache, Policy
from services.api.upstreams import Kind, UpstreamError

POLICY = Policy(fresh_seconds=10, stale_seconds=60)


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


class Upstream:
    def __init__(self):
        self.calls, self.fails = 0, False

    async def load(self):
        self.calls += 1
        await asyncio.sleep(0.01)
        if self.fails:
            raise UpstreamError(Kind.UNAVAILABLE)
        return {"call": self.calls}


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def cache():
    return Cache(None, Clock())


async def test_a_hundred_concurrent_misses_make_one_call(cache, upstream):
    entries = await asyncio.gather(*(cache.get("k", POLICY, upstream.load) for _ in range(100)))
    assert upstream.calls == 1, "a stampede would cost a hundred of the day's calls"
    assert {entry.value["call"] for entry in entries} == {1}


async def test_fresh_is_returned_without_a_call_and_old_while_one_renews_it(cache, upstream):
    await cache.get("k", POLICY, upstream.load)
    cache._clock.now += 8
    assert (await cache.get("k", POLICY, upstream.load)).value == {"call": 1}
    cache._clock.now += 12
    old = await cache.get("k", POLICY, upstream.load)
    assert (old.value, old.is_stale) == ({"call": 1}, True), "nobody waits while there is something to give"
    await asyncio.sleep(0.05)
    assert (await cache.get("k", POLICY, upstream.load)).value == {"call": 2}
    assert upstream.calls == 2


async def test_a_failing_renewal_leaves_the_old_value_until_its_end(cache, upstream):
    await cache.get("k", POLICY, upstream.load)
    upstream.fails = True
    cache._clock.now += 30
    assert (await cache.get("k", POLICY, upstream.load)).is_stale
    await asyncio.sleep(0.05)
    cache._clock.now += 50
    with pytest.raises(UpstreamError):
        await cache.get("k", POLICY, upstream.load)


async def test_a_refusal_is_kept_for_seconds_only(cache, upstream):
    upstream.fails = True
    with pytest.raises(UpstreamError):
        await cache.get("k", POLICY, upstream.load)
    upstream.fails = False
    for _ in range(20):
        with pytest.raises(UpstreamError):
            await cache.get("k", POLICY, upstream.load)
    assert upstream.calls == 1, "a refusal is told to all who ask in the next seconds: asking again would cost a call each"
    cache._clock.now += 11
    assert (await cache.get("k", POLICY, upstream.load)).value == {"call": 2}


@pytest.mark.parametrize(("kind", "seconds"), [(Kind.UNKNOWN_SYMBOL, 3_600), (Kind.NOT_COVERED, 3_600), (Kind.NO_DATA, 60)])
async def test_that_there_is_nothing_is_kept_for_longer(cache, kind, seconds):
    asked = []

    async def load():
        asked.append(1)
        raise UpstreamError(kind)

    for passed in (0, seconds - 1, 2):
        cache._clock.now += passed
        with pytest.raises(UpstreamError):
            await cache.get("k", POLICY, load)
    assert len(asked) == 2, "else one impatient user spends 25 calls of the day in minutes"


async def test_entries_made_together_do_not_end_together(cache):
    async def load():
        return 1

    loaded = {(await cache.get(f"k{n}", POLICY, load)).loaded for n in range(20)}
    assert len(loaded) > 10, "jitter spreads the renewals"
    assert all(clock >= cache._clock.now - POLICY.fresh_seconds * 0.1 for clock in loaded)


async def test_a_caller_who_gives_up_does_not_stop_the_call_for_the_others(cache, upstream):
    impatient = asyncio.create_task(cache.get("k", POLICY, upstream.load))
    patient = asyncio.create_task(cache.get("k", POLICY, upstream.load))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).value == {"call": 1}


async def test_the_cache_is_bounded(cache):
    async def load():
        return 1

    for number in range(2_100):
        await cache.get(f"k{number}", POLICY, load)
    assert len(cache._local) == 2_000
