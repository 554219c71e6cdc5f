"""Live prices: order of the providers, what each failure does, stale marks, unknown symbols, budgets."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from services.api.breaker import OPEN_MAX_SECONDS, Breaker
from services.api.budgets import Budget, Limit
from services.api.cache import Cache
from services.api.negative import NegativeCache
from services.api.search import Search
from services.api.sources import Reading
from services.api.sources.alpha_vantage import AlphaVantage
from services.api.sources.guarded import Guarded
from services.api.sources.live import LiveSource, Pace
from services.api.sources.nse import Nse
from services.api.sources.provider import Provider
from services.api.sources.twelve_data import TwelveData
from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams.client import Upstream
from services.contract.quotes import Session, Status

PLENTY = (Limit(1000, 60),)


class Scripted:
    """A provider that says what a test tells it."""

    limits = PLENTY
    reserve = 0

    def __init__(self, name, answer):
        self.name, self.answer, self.asked = name, answer, []

    def calls_for(self, symbols):
        return [frozenset({symbol}) for symbol in sorted(symbols)]

    def cost(self, group):
        return 1

    async def quotes(self, group):
        (symbol,) = group
        self.asked.append(symbol)
        answer = self.answer(symbol) if callable(self.answer) else self.answer
        if isinstance(answer, UpstreamError):
            raise answer
        return {symbol: answer}

    async def close(self):
        pass


def priced(price):
    return lambda symbol: Reading(symbol, Decimal(price), datetime(2026, 6, 12, 6, tzinfo=UTC), Session.OPEN)


def source_of(*providers, stale_after=0.0, clock=None):
    guarded = [Guarded(p, Budget(None, p.name, p.limits), Breaker()) for p in providers]
    return LiveSource(guarded, NegativeCache(None), clock, pace=Pace(0.001, 0.001, stale_after))


AAA = frozenset({"AAA"})


async def test_the_first_provider_that_answers_serves_and_the_others_are_not_asked():
    first, second = Scripted("nse", priced(10)), Scripted("twelve_data", priced(11))
    (reading,) = await source_of(first, second).current(AAA)
    assert (reading.price, second.asked) == (Decimal(10), [])


@pytest.mark.parametrize("kind", [Kind.BLOCKED, Kind.UNAVAILABLE, Kind.RATE_LIMITED, Kind.MALFORMED, Kind.BAD_KEY])
async def test_a_failing_service_falls_back_and_is_left_alone(kind):
    first, second = Scripted("nse", UpstreamError(kind)), Scripted("twelve_data", priced(11))
    source = source_of(first, second)
    for _ in range(3):
        (reading,) = await source.current(AAA)
        assert reading.price == Decimal(11)
    assert first.asked == ["AAA"], "an open breaker saves the calls"


async def test_one_symbol_whose_answer_makes_no_sense_does_not_cost_the_others_theirs():
    odd = UpstreamError(Kind.MALFORMED, "never traded: its price is 0")
    provider = Scripted("nse", lambda symbol: priced(5)(symbol) if symbol == "BBB" else odd)
    source = source_of(provider)
    wanted = frozenset({"BBB", "CCC", "DDD"})
    for _ in range(3):
        assert [reading.symbol for reading in await source.current(wanted)] == ["BBB"]
    assert provider.asked == ["BBB", "CCC", "DDD", "BBB", "BBB"], "nor is it asked for again at every look"
    assert source.providers[0].failures == 2, "and it shows in the metrics"


async def test_a_service_that_begins_to_make_no_sense_is_left_alone_too_and_heals_as_fast(monkeypatch):
    now = 1_000.0
    monkeypatch.setattr("services.api.sources.guarded.time", lambda: now)
    provider = Scripted("nse", priced(5))
    source = source_of(provider)
    await source.current(AAA)
    provider.answer = UpstreamError(Kind.MALFORMED)
    now += 5
    await source.current(AAA)
    provider.answer = priced(6)
    now += 59
    await source.current(AAA)
    assert len(provider.asked) == 2
    now += 2
    (reading,) = await source.current(AAA)
    assert reading.price == Decimal(6), "a minute, as after any other failure"
    provider.answer = UpstreamError(Kind.MALFORMED)
    now += 15 * 60
    await source.current(AAA)
    assert source.providers[0].breaker.is_open(now), "and nothing good for so long is the service's fault"


async def test_not_covered_is_remembered_for_the_symbol_and_opens_nothing():
    first = Scripted("twelve_data", lambda s: UpstreamError(Kind.NOT_COVERED) if s == "AAA" else priced(5)(s))
    source = source_of(first, Scripted("alpha_vantage", priced(11)))
    await source.current(AAA)
    await source.current(AAA)
    assert first.asked == ["AAA"], "asking again would cost a credit each time"
    (other,) = await source.current(frozenset({"BBB"}))
    assert other.price == Decimal(5), "and the service itself is fine"


@pytest.mark.parametrize("kind", [Kind.NOT_COVERED, Kind.UNKNOWN_SYMBOL, Kind.NO_DATA])
async def test_a_service_without_anything_about_a_symbol_is_not_asked_again_at_every_look(kind):
    first, second = Scripted("nse", UpstreamError(Kind.UNAVAILABLE)), Scripted("alpha_vantage", UpstreamError(kind))
    source = source_of(first, second)
    for _ in range(30):
        assert await source.current(AAA) == []
    assert second.asked == ["AAA"], "25 calls a day would be gone within half a minute"
    assert await source._negative.known(["AAA"]) == frozenset(), "the service that would know is away"


async def test_what_no_call_can_ask_for_is_unknown_without_any_call():
    provider = AlphaVantage(Upstream("http://127.0.0.1:1"), "key")
    source = LiveSource([Guarded(provider, Budget(None, "alpha_vantage", provider.limits), Breaker())], NegativeCache(None))
    assert await source.current(frozenset({"NIFTY 50"})) == []
    assert await source._negative.known(["NIFTY 50"]) == {"NIFTY 50"}, "or every look at the indices would wait for one in vain"
    assert source.providers[0].calls == 0


async def test_an_older_value_of_another_service_does_not_pass_for_a_renewal():
    first, second = Scripted("nse", priced(10)), Scripted("alpha_vantage", UpstreamError(Kind.UNAVAILABLE))
    source = source_of(first, second)
    await source.current(AAA)
    first.answer = UpstreamError(Kind.UNAVAILABLE)
    yesterday = Reading("AAA", Decimal(9), datetime(2026, 6, 11, 10, tzinfo=UTC), Session.CLOSED, source="alpha_vantage")
    second.answer = yesterday
    source.providers[1].breaker.succeeded()
    (marked,) = await source.current(AAA)
    assert (marked.price, marked.status) == (Decimal(10), Status.STALE), "else the old price would go on as live for ever"
    second.answer = yesterday.with_changes(source_time=datetime(2026, 6, 12, 10, tzinfo=UTC))
    (newer,) = await source.current(AAA)
    assert newer.source == "alpha_vantage", "today's close is better than this morning's last trade"


@pytest.mark.parametrize(
    ("symbol", "interval", "asked"),
    [("TCS", "intraday", 2), ("TCS", "daily", 3), ("NIFTY 50", "intraday", 1), ("NIFTY 50", "daily", 0)],
)
async def test_only_services_that_could_have_a_chart_are_asked_for_it(symbol, interval, asked):
    nobody = Upstream("http://127.0.0.1:1")
    providers: list[Provider] = [Nse(nobody), TwelveData(nobody), AlphaVantage(nobody, "key")]
    guarded = [Guarded(provider, Budget(None, provider.name, provider.limits), Breaker()) for provider in providers]
    source = LiveSource(guarded, NegativeCache(None))
    with pytest.raises(UpstreamError):
        await source.history(symbol, interval)
    await source.close()
    used = sum(one.budget.limits[-1].calls - one.budget.last_known_left for one in guarded)
    assert used == asked, "a call that cannot help would cost one of 25 a day"


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.UNKNOWN_SYMBOL])
async def test_what_a_fallback_does_not_know_is_no_word_about_a_symbol(kind):
    class Charted(Scripted):
        def has_history(self, symbol, interval):
            return True

        async def history(self, symbol, interval):
            raise self.answer

    providers = Charted("nse", UpstreamError(kind)), Charted("alpha_vantage", UpstreamError(Kind.UNKNOWN_SYMBOL))
    with pytest.raises(UpstreamError) as refused:
        await source_of(*providers).history("AAA", "daily")
    assert refused.value.kind is kind, "404 while the service that knows it is away would be a lie"


async def test_an_unknown_symbol_costs_one_call():
    first = Scripted("nse", UpstreamError(Kind.UNKNOWN_SYMBOL))
    source = source_of(first)
    for _ in range(5):
        assert await source.current(AAA) == []
    assert first.asked == ["AAA"]
    assert await source._negative.known(["AAA", "BBB"]) == {"AAA"}


async def test_an_outage_does_not_make_a_symbol_unknown():
    source = source_of(Scripted("nse", UpstreamError(Kind.UNAVAILABLE)))
    await source.current(AAA)
    assert await source._negative.known(["AAA"]) == frozenset(), "down is not unknown: a 404 would be a lie"


async def test_a_value_that_cannot_be_renewed_is_marked_stale_once_and_recovers():
    provider = Scripted("nse", priced(10))
    source = source_of(provider)
    source.start("")
    await source.next(lambda: AAA)
    assert await source.next(lambda: AAA) == [], "the same reading again is no update"
    provider.answer = UpstreamError(Kind.UNAVAILABLE)
    (marked,) = await source.next(lambda: AAA)
    assert (marked.status, marked.price) == (Status.STALE, Decimal(10))
    assert await source.next(lambda: AAA) == [], "once, not every poll"
    provider.answer = priced(10)
    source.providers[0].breaker.succeeded()
    (back,) = await source.next(lambda: AAA)
    assert back.status is None, "the same price, but known to be true again"


async def test_a_value_tells_when_its_source_was_last_heard(clock):
    provider = Scripted("nse", priced(10))
    source = source_of(provider, stale_after=5.0, clock=clock)
    source.start("")
    (first,) = await source.next(lambda: AAA)
    heard = clock.now()
    assert first.fetched_at == heard
    clock.pass_by(60)
    assert await source.next(lambda: AAA) == [], "heard again, and nothing new to publish"
    provider.answer = UpstreamError(Kind.UNAVAILABLE)
    clock.pass_by(3)
    assert await source.next(lambda: AAA) == [], "a short silence is none"
    clock.pass_by(3)
    (marked,) = await source.next(lambda: AAA)
    assert (marked.status, (marked.fetched_at - heard).total_seconds()) == (Status.STALE, 60), "its age counts from then"


async def test_what_a_leader_leaves_alone_the_others_leave_alone_too():
    leader, follower = (source_of(Scripted("nse", UpstreamError(Kind.UNAVAILABLE))) for _ in range(2))
    assert not leader.is_away(leader.position())
    await leader.current(AAA)
    assert follower.is_away(leader.position()), "a follower that knows it need not let anybody wait"
    assert not follower.is_away("{}")
    follower.start(leader.position())
    await follower.current(AAA)
    assert follower.providers[0].provider.asked == [], "a new leader does not begin by hammering what is down"
    for position in ("", "[]", "12.5", '{"nse": "soon"}', '{"nse": null}', "2026-06-12T09:15:00"):
        assert not source_of(Scripted("nse", priced(1))).is_away(position), "another source's position says nothing here"


async def test_budgets_count_symbols_and_keep_a_reserve_for_users():
    budget = Budget(None, "twelve_data", TwelveData.limits)
    assert await budget.take(8, now=60.0) == 0
    assert await budget.take(1, now=61.0) == 59, "the rest of the minute"
    assert await budget.take(1, now=120.0) == 0
    day = Budget(None, "alpha_vantage", [Limit(25, 86_400)])
    for _ in range(20):
        assert await day.take(1, AlphaVantage.reserve, now=5.0) == 0
    assert await day.take(1, AlphaVantage.reserve, now=5.0) > 0, "polling stops here"
    assert await day.take(1, now=5.0) == 0, "a user who waits is still served"


def test_the_breaker_doubles_up_to_a_quarter_of_an_hour_and_forgets_on_success():
    breaker, now = Breaker(), 0.0
    pauses = []
    for _ in range(6):
        breaker.failed(UpstreamError(Kind.BLOCKED), now)
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
    assert pauses == [60, 120, 240, 480, 900, OPEN_MAX_SECONDS]
    breaker.succeeded()
    breaker.failed(UpstreamError(Kind.BLOCKED), now)
    assert breaker.open_until - now == 60


@pytest.mark.parametrize(("window", "seconds"), [(Window.SECOND, 1), (Window.MINUTE, 50), (Window.DAY, 86_390)])
def test_a_limit_keeps_away_until_its_window_ends(window, seconds):
    breaker = Breaker()
    breaker.failed(UpstreamError(Kind.RATE_LIMITED, window=window), 10.0)
    assert breaker.open_until - 10 == seconds


def test_a_symbols_fault_never_opens_the_breaker():
    breaker = Breaker()
    for kind in (Kind.UNKNOWN_SYMBOL, Kind.NOT_COVERED, Kind.NO_DATA):
        breaker.failed(UpstreamError(kind), 0.0)
    assert not breaker.is_open(0.0)


@pytest.mark.parametrize(
    ("status", "body"), [(200, {"data": "Missing index or key."}), (200, {"data": []}), (404, {"status": 404})]
)
async def test_a_list_that_nse_does_not_have_any_more_makes_no_symbol_unknown(status, body):
    def answer(request):
        if "equity-stock-indices" in request.url.path or "allIndices" in request.url.path:
            return httpx.Response(status, json=body)
        return httpx.Response(200, json={})

    upstream = Upstream("https://nse.example")
    upstream.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    provider = Nse(upstream)
    source = LiveSource([Guarded(provider, Budget(None, "nse", PLENTY), Breaker())], NegativeCache(None))
    wanted = frozenset({"RELIANCE", "TCS", "NIFTY 50"})
    assert await source.current(wanted) == []
    assert await source._negative.known(wanted) == frozenset(), "all of the NIFTY 50 would be 404 for a day"
    assert frozenset({"TCS"}) in provider.calls_for(wanted), "the single quote is the next one in the order of fallbacks"
    await source.close()


async def test_a_small_budget_does_not_always_go_to_the_same_symbols():
    provider = Scripted("nse", priced(5))
    (guarded,) = source_of(provider).providers
    wanted = frozenset("ABCDEFG")
    for _ in range(7):
        guarded.budget = Budget(None, "nse", [Limit(2, 60)])
        await guarded.quotes(wanted, user_waits=False)
    assert sorted(provider.asked) == sorted(2 * "ABCDEFG"), "in the order of the alphabet G would never be asked about"


async def test_one_session_is_begun_for_all_calls_that_come_together():
    asked = []

    async def page(request):
        asked.append(request.url.path)
        await asyncio.sleep(0)
        return httpx.Response(200, json={"symbols": []}, headers={"set-cookie": "nsit=1"})

    upstream = Upstream("https://nse.example")
    upstream.client = httpx.AsyncClient(transport=httpx.MockTransport(page))
    provider = Nse(upstream)
    await asyncio.gather(*(provider.search("TATA") for _ in range(5)))
    await provider.close()
    assert asked.count("/option-chain") == 1, (
        "a call between the old cookies and the new would be refused, and that opens the breaker"
    )
    assert len(asked) == 6


async def test_a_query_that_is_no_name_never_reaches_a_service():
    queries = []

    class Searched(Scripted):
        async def search(self, query):
            queries.append(query)
            return []

    found = Search(source_of(Searched("nse", priced(10))), Cache(None))
    for query in ("TATA", "M&M", "BAJAJ-AUTO", "<script>", "' or 1=1", "../etc", "%3C", "", " "):
        await found.find(query, 5)
    assert queries == ["TATA", "M&M", "BAJAJ-AUTO"], "what looks like an attack gets our address blocked for everybody"


def test_nse_asks_for_fifty_in_one_call():
    symbols = frozenset({"RELIANCE", "TCS", "INFY", "NIFTY 50", "INDIA VIX", "OTHER"})
    groups = Nse(Upstream("https://nse.example")).calls_for(symbols)
    assert groups == [frozenset({"RELIANCE", "TCS", "INFY"}), frozenset({"NIFTY 50", "INDIA VIX"}), frozenset({"OTHER"})]


def test_twelve_data_never_asks_for_more_than_a_minutes_credits():
    groups = TwelveData(Upstream("https://twelve.example")).calls_for(frozenset(f"S{n}" for n in range(20)))
    assert max(map(len, groups)) == 8
