"""What is held is the newest that was published; waiters are woken; garbage on the channel changes nothing."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from services.api.demand import Demand
from services.api.expiry import Expiry
from services.api.interest import Interest
from services.api.quote_store import QuoteStore
from services.api.quotes_answer import QuoteAnswer, QuotesAnswer, requested_symbols
from services.api.waiting import Waiting


def line(symbol="AAA", seq=1, epoch="e", fence=1, status="live", **data):
    inner = {"symbol": symbol, "price": 10 + seq, "sourceTime": "2026-06-12T06:00:00.000Z", "status": status}
    inner |= {"source": "nse", "session": "open"} | data
    update = {"type": "price_update", "symbol": symbol, "data": inner, "timestamp": "x", "epoch": epoch, "fence": fence}
    return json.dumps(update | {"seq": seq, "ts": 1_000.0}, separators=(",", ":")).encode()


def test_newer_wins_and_older_is_dropped():
    store = QuoteStore()
    assert store.take(line(seq=2))
    assert store.take(line(seq=2)) is None
    assert store.take(line(seq=1)) is None
    assert store.take(line(seq=5))
    assert store.held["AAA"].seq == 5
    assert (store.dropped, store.missed) == (2, 2)


def test_a_lower_fence_never_comes_through_and_a_new_epoch_starts_anew():
    store = QuoteStore()
    store.take(line(seq=9, fence=5))
    assert store.take(line(seq=10, fence=4)) is None, "a leader that was replaced"
    assert store.take(line(seq=1, epoch="f", fence=6)), "Redis lost its data: numbers start anew"


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"[]", b"null", b"5", b'{"type":"x"}', b'{"type":"price_update"}', b"\xff", b"[" * 100_000,
     line(session="noon"), line(session=[]), line(status="fine"), line(status=None), line(sourceTime="yesterday"),
     line(price="1"),     line(sourceTime=5), line(fetchedAt=None), line(price=-1), line(source=None),
     line().replace(b'"symbol":"AAA","price"', b'"symbol":"BBB","price"'), line().replace(b'"seq":1', b'"seq":"x"')],
)  # fmt: skip
def test_garbage_is_counted_and_changes_nothing(garbage):
    store = QuoteStore()
    store.take(line())
    assert store.take(garbage) is None
    assert store.malformed == 1
    assert list(store.held) == ["AAA"]


def test_a_message_holds_many_lines():
    store = QuoteStore()
    assert store.take_message(b"\n".join([line("A"), line("B"), b"junk", line("A")])) == 2


async def test_a_waiter_is_woken_by_the_first_line_and_another_gives_up():
    store = QuoteStore()
    waiting = asyncio.create_task(store.wait_for(["AAA"], 5))
    await asyncio.sleep(0)
    store.take(line())
    await asyncio.wait_for(waiting, 1)
    await store.wait_for(["NEVER"], 0.01)
    assert store._waiting == {}, "nobody waits for ever, or memory would grow with every odd request"


async def get(endpoint, path_params=None, query=b"", headers=()):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path_params": path_params or {}, "query_string": query, "headers": list(headers)}
    await endpoint(scope, None, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def nobody(symbols):
    return frozenset(symbols) & {"NOPE"}


def one_of(store, hope=lambda: False, clock=None, interest=None):
    return QuoteAnswer(store, nobody, Waiting(store, hope, nobody), Expiry(900, clock), interest or kept(store))


def kept(store):
    """Of a played day: nothing that is held ever stands still."""
    return Interest(Demand(Mock(), frozenset()), store, nobody, lambda: True, None)


def many_of(store, default, clock=None):
    return QuotesAnswer(store, nobody, Waiting(store, lambda: False, nobody), Expiry(900, clock), kept(store), default)


def fresh_store(*lines):
    store = QuoteStore()
    store.freshness = lambda: True
    for each in lines:
        store.take(each)
    return store


async def test_one_quote_is_the_published_bytes_with_an_etag_and_304():
    store = fresh_store(line())
    status, headers, body = await get(one_of(store), {"symbol": "AAA"})
    assert (status, body) == (200, line())
    again = await get(one_of(store), {"symbol": "AAA"}, headers=[(b"if-none-match", headers[b"etag"])])
    assert (again[0], again[2]) == (304, b"")
    store.take(line(seq=2))
    assert (await get(one_of(store), {"symbol": "AAA"}, headers=[(b"if-none-match", headers[b"etag"])]))[0] == 200


async def test_without_updates_a_quote_is_marked_stale_with_its_age():
    store = fresh_store(line())
    store.freshness = lambda: False
    status, headers, body = await get(one_of(store), {"symbol": "AAA"})
    assert status == 200
    assert json.loads(body)["data"]["status"] == "stale"
    assert int(headers[b"age"]) > 0
    assert headers[b"etag"].endswith(b'-stale"'), "a poller must see the mark though the value is the same"


async def test_a_value_its_source_gave_up_has_an_age_too():
    _, headers, _ = await get(one_of(fresh_store(line(status="stale"))), {"symbol": "AAA"})
    assert int(headers[b"age"]) > 0


@pytest.mark.parametrize(
    ("symbol", "status"), [("NOPE", 404), ("tcs", 422), ("TCS\n", 422), ("A" * 10_000, 422), ("A:B", 422), ("STK.PROBE", 404)]
)
async def test_odd_and_unknown_symbols_have_their_answers(symbol, status):
    got, headers, body = await get(one_of(fresh_store()), {"symbol": symbol})
    assert got == status
    assert headers[b"content-type"] == b"application/problem+json"
    assert len(body) < 500, "a hostile symbol is not echoed in full"


async def test_a_known_symbol_without_hope_of_a_value_is_503_with_retry_after():
    status, headers, _ = await get(one_of(fresh_store()), {"symbol": "TCS"})
    assert (status, headers[b"retry-after"]) == (503, b"5")


async def test_a_crowd_waits_for_the_one_first_line_while_there_is_hope():
    store, hopes = fresh_store(), []

    def hope():
        hopes.append(1)
        if len(hopes) == 50:
            store.take(line("TCS"))
        return True

    answers = await asyncio.gather(*(get(one_of(store, hope), {"symbol": "TCS"}) for _ in range(100)))
    assert {status for status, _, _ in answers} == {200}, "a slow first price is no reason to refuse those who wait for it"


async def test_waiting_ends_as_soon_as_hope_is_lost_or_the_symbol_turns_out_not_to_exist(monkeypatch):
    monkeypatch.setattr("services.api.waiting.STEP_SECONDS", 0.001)
    store, hopes = fresh_store(), iter([True, True, False])
    await Waiting(store, lambda: next(hopes), nobody).until_held(["TCS"], 1e9)
    await Waiting(store, lambda: True, nobody).until_held(["NOPE"], 1e9)
    assert store.held == {}, "both came back without a value and long before their time"


def watched_by(store, source, default=frozenset(), steady=frozenset(), hope=lambda: True):
    """Of a live source: `source(symbol)` is what it says as soon as somebody asks; None is silence."""
    demand = Demand(Mock(), default)

    async def ask(symbols):
        demand.interest(symbols)
        for each in filter(None, map(source, symbols)):
            store.take(each)
        return frozenset()

    return demand, Interest(demand, store, ask, hope, steady)


async def test_a_value_that_nobody_watched_meanwhile_is_renewed_before_it_is_answered(monkeypatch):
    monkeypatch.setattr("services.api.interest.STEP_SECONDS", 0.001)
    store, asked = fresh_store(line("AAA")), []

    def tell(symbol):
        asked.append(symbol)
        return line(symbol, seq=1 + len(asked))

    demand, interest = watched_by(store, tell)
    answer = one_of(store, interest=interest)
    first = json.loads((await get(answer, {"symbol": "AAA"}))[2])
    assert (first["seq"], first["data"]["status"]) == (2, "live"), "an hour-old price must not pass for the price"
    await get(answer, {"symbol": "AAA"})
    assert asked == ["AAA"], "and while it is wanted, nobody is asked again"
    demand._hinted["AAA"] -= 40
    assert json.loads((await get(answer, {"symbol": "AAA"}))[2])["seq"] == 3, "whoever goes on polling keeps it wanted"


async def test_a_value_that_nobody_watched_and_nobody_renews_is_stale_with_its_age(monkeypatch):
    monkeypatch.setattr("services.api.interest.STEP_SECONDS", 0.001)
    monkeypatch.setattr("services.api.interest.WAIT_SECONDS", 0.01)
    store = fresh_store(line("AAA"), line("B"), line("DDD"), line("EEE"))
    _, interest = watched_by(store, lambda symbol: None, default=frozenset({"DDD"}), steady=frozenset({"EEE"}))
    _, headers, body = await get(one_of(store, interest=interest), {"symbol": "AAA"})
    assert json.loads(body)["data"]["status"] == "stale"
    assert int(headers[b"age"]) > 0
    assert json.loads((await get(one_of(store, interest=interest), {"symbol": "AAA"}))[2])["data"]["status"] == "stale", "still"
    store.take(line("AAA", seq=2))
    assert json.loads((await get(one_of(store, interest=interest), {"symbol": "AAA"}))[2])["data"]["status"] == "live", "renewed"
    many = QuotesAnswer(store, nobody, Waiting(store, lambda: False, nobody), Expiry(900), interest, list)
    quotes = json.loads((await get(many, query=b"symbols=B,DDD,EEE"))[2])["quotes"]
    assert [quote["data"]["status"] for quote in quotes] == ["stale", "live", "live"], "what is always wanted is always renewed"


TRADING_DAY, SUNDAY = datetime(2026, 6, 12, 6, 30, tzinfo=UTC), datetime(2026, 6, 14, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "fetched", "status"),
    [
        (TRADING_DAY, TRADING_DAY - timedelta(seconds=890), 200), (TRADING_DAY, TRADING_DAY - timedelta(seconds=910), 503),
        (SUNDAY, TRADING_DAY, 200), (TRADING_DAY, None, 200),
    ],
    ids=["a while ago", "a quarter of an hour of trading ago", "when trading ended", "never fetched: a played day"],
)  # fmt: skip
async def test_a_stale_value_is_none_after_a_quarter_of_an_hour_of_trading(clock, now, fetched, status):
    clock.time = now
    store = fresh_store(line("AAA", status="stale", **({"fetchedAt": fetched.isoformat()} if fetched else {})), line("B"))
    got, headers, body = await get(one_of(store, clock=clock), {"symbol": "AAA"})
    assert got == status
    assert got == 200 or (headers[b"retry-after"] == b"5" and b"no data" in body), "an old price would be taken for the price"
    missing = json.loads((await get(many_of(store, list, clock), query=b"symbols=AAA,B"))[2])["missing"]
    assert missing == (["AAA"] if status == 503 else [])


async def test_many_quotes_keep_the_order_and_name_the_missing():
    endpoint = many_of(fresh_store(line("A"), line("B")), lambda: ["A"])
    _, _, body = await get(endpoint, query=b"symbols=B,NOPE,A")
    answer = json.loads(body)
    assert [quote["symbol"] for quote in answer["quotes"]] == ["B", "A"]
    assert answer["missing"] == ["NOPE"]
    assert [q["symbol"] for q in json.loads((await get(endpoint))[2])["quotes"]] == ["A"], "the default list without a parameter"


@pytest.mark.parametrize("query", [b"symbols=", b"symbols=,", b"symbols=a", b"symbols=A%00", b"symbols=" + b"A," * 10 + b"b"])
def test_bad_lists_are_refused(query):
    with pytest.raises(ValueError, match=r"not a symbol|got nothing"):
        requested_symbols(query)


def test_a_list_is_bounded_and_each_symbol_taken_once():
    assert requested_symbols(b"symbols=A,M%26M&symbols=A") == ["A", "M&M"]
    with pytest.raises(ValueError, match="200 at most"):
        requested_symbols(b"symbols=" + b",".join(b"S%d" % n for n in range(201)))


def test_the_first_line_of_a_played_day_ends_what_another_source_left():
    store = QuoteStore("replay")
    store.take(line("AAA", source="simulated"))
    store.take(line("BBB", source="simulated"))
    assert store.real_symbols() == ["AAA", "BBB"], "a replica that replaces another one must be able to answer meanwhile"
    store.take(line("AAA", fence=2, source="replay"))
    assert store.real_symbols() == ["AAA"], "a made-up price beside a recorded one would pass for real"
