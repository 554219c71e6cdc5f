"""Fan-out without sockets: one write per client and batch, nothing lost, nothing twice, nobody kept waiting."""

import json
from typing import ClassVar

import pytest

from services.contract.messages import Mode
from services.contract.tests.publisher import line_of
from services.ws.hub import MOST_AT_ONCE, Hub
from services.ws.outbox import Outbox
from services.ws.update import Update, parse_update


class Client:
    """Collects what is written to it; may be told to fail, or to take only so many bytes."""

    everybody: ClassVar[list["Client"]] = []

    def __init__(self, hub, *symbols, mode=Mode.QUOTE):
        self.writes = []
        self.is_broken = False
        self.room = 10**6
        self.waiting = b""
        self.outbox = Outbox(len(self.everybody), self._spill)
        self.everybody.append(self)
        self.hub = hub
        hub.set_interest(self.outbox, dict.fromkeys(symbols, mode))

    @classmethod
    def send(cls, address, data):
        client = cls.everybody[address]
        if client.is_broken or not client.room:
            raise BlockingIOError
        taken = data if len(data) <= client.room else data[: client.room]
        client.room -= len(taken)
        client.writes.append(taken)
        return len(taken)

    def _spill(self, data):
        if self.is_broken:
            raise RuntimeError("the handler is closed")
        self.waiting += data
        self.outbox.pause(1.0)

    def read_again(self):
        self.room = 10**6
        self.writes.append(self.waiting)
        self.hub.catch_up(self.outbox)

    @property
    def seen(self):
        return [(m["symbol"], m["seq"]) for m in messages(b"".join(self.writes))]


def messages(data):
    """The JSON messages in unmasked text frames."""
    found, rest = split(data)
    assert not rest, "only whole frames go out"
    return found


def split(data):
    """The JSON messages in the whole frames at the start, and the rest."""
    found = []
    while len(data) >= 4:
        assert data[0] == 0x81, "only text frames go out, one after another"
        length, head = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
        if len(data) < head + length:
            break
        found.append(json.loads(data[head : head + length]))
        data = data[head + length :]
    return found, data


class Feed:
    def __init__(self):
        self.latest: dict[str, Update] = {}
        self.hub = Hub(self.latest, Client.send)

    def publish(self, symbol, seq):
        update = parse_update(line_of(symbol, "e1", 1, seq, 100.0).encode())
        self.latest[symbol] = update
        self.hub.publish([update])


@pytest.fixture
def feed():
    Client.everybody.clear()
    return Feed()


def test_a_batch_is_one_write_per_client_in_order(feed):
    both, one = Client(feed.hub, "A", "B"), Client(feed.hub, "B")
    for seq in (1, 2):
        feed.publish("A", seq)
        feed.publish("B", seq)
    feed.hub.flush()
    assert both.seen == [("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert one.seen == [("B", 1), ("B", 2)]
    assert (len(both.writes), len(one.writes)) == (1, 1), "the system call per client is what fan-out costs"
    assert feed.hub.counts.delivered == 6
    assert feed.hub.counts.coalesced == 4


def test_clients_of_one_interest_share_the_joined_bytes(feed):
    first, second = Client(feed.hub, "A", "B"), Client(feed.hub, "B", "A")
    feed.publish("A", 1)
    feed.publish("B", 1)
    feed.hub.flush()
    assert first.writes[0] is second.writes[0], "the bytes are made once for all who want the same"


def test_a_client_that_joins_during_a_batch_gets_only_what_follows_its_snapshot(feed):
    Client(feed.hub, "A")
    feed.publish("A", 1)
    late = Client(feed.hub, "A")
    feed.publish("A", 2)
    feed.hub.flush()
    feed.publish("A", 3)
    feed.hub.flush()
    assert late.seen == [("A", 2), ("A", 3)], (
        "update 1 was in its snapshot; sending it again would be an old value after a new one"
    )


def test_a_change_of_interest_loses_nothing_and_repeats_nothing(feed):
    client = Client(feed.hub, "A")
    feed.publish("A", 1)
    feed.hub.set_interest(client.outbox, {"A": Mode.QUOTE, "B": Mode.QUOTE})
    feed.publish("A", 2)
    feed.publish("B", 5)
    feed.hub.flush()
    assert client.seen == [("A", 1), ("A", 2), ("B", 5)]


def test_after_unsubscribing_nothing_comes(feed):
    client = Client(feed.hub, "A", "B")
    feed.hub.set_interest(client.outbox, {"B": Mode.QUOTE})
    feed.publish("A", 1)
    feed.publish("B", 1)
    feed.hub.flush()
    assert client.seen == [("B", 1)]
    assert feed.hub.holders == {"B": 1}


def test_mode_ltp_gets_its_own_short_frame_with_the_same_order(feed):
    client = Client(feed.hub, "A", mode=Mode.LTP)
    feed.publish("A", 7)
    feed.hub.flush()
    (message,) = messages(client.writes[0])
    assert message["type"] == "last_price"
    assert (message["price"], message["seq"], message["epoch"]) == (100.0, 7, "e1")
    assert "volume" not in message, "that is the point of the mode"


def test_a_slow_client_gets_the_newest_of_each_symbol_when_it_reads_again(feed):
    client = Client(feed.hub, "A", "B")
    client.outbox.pause(1.0)
    for seq in range(1, 501):
        feed.publish("A", seq)
        feed.hub.flush()
    feed.publish("B", 1)
    feed.hub.flush()
    assert client.writes == []
    assert len(client.outbox.dirty or ()) == 2, "memory is bounded by the symbols held, not by the feed"
    feed.hub.catch_up(client.outbox)
    assert client.seen == [("A", 500), ("B", 1)]
    assert feed.hub.counts.conflated == 499


def test_flush_stops_when_told_and_goes_on_with_what_gathered(feed):
    first, second = Client(feed.hub, "A"), Client(feed.hub, "A", "B")
    feed.publish("A", 1)
    feed.hub.flush(most_writes=1)
    assert [len(first.writes), len(second.writes)].count(1) == 1, "one audience had its turn"
    feed.publish("A", 2)
    feed.hub.flush()
    assert first.seen == second.seen == [("A", 1), ("A", 2)]
    assert sorted([len(first.writes), len(second.writes)]) == [1, 2], "who waited got both in one write"


def test_nobody_is_written_before_its_time(feed):
    client = Client(feed.hub, "A")
    update = parse_update(line_of("A", "e1", 1, 1, 100.0).encode())
    feed.hub.publish([update], now=5.0)
    assert feed.hub.oldest_since == 5.0
    feed.hub.flush(written_before=4.9)
    assert client.writes == []
    feed.hub.flush(written_before=5.0)
    assert client.seen == [("A", 1)]


def test_with_little_to_do_an_update_leaves_at_once_behind_nothing_that_waits(feed):
    short = Client(feed.hub, "A", mode=Mode.LTP)
    others = [Client(feed.hub, "A", "B"), Client(feed.hub, "A")]
    told: list[Update] = []
    feed.hub.on_written = told.append
    feed.publish("A", 1)
    feed.hub.writes_at_once = True
    feed.publish("A", 2)
    assert others[0].writes == [], "the first one is still in the queue, and must not be overtaken"
    feed.hub.flush()
    feed.publish("A", 3)
    assert all(client.seen == [("A", 1), ("A", 2), ("A", 3)] for client in (short, *others))
    assert [messages(short.writes[-1])[0]["type"], len(others[0].writes)] == ["last_price", 2]
    assert told[-1].seq == 3
    late = Client(feed.hub, "A")
    feed.hub.remove(others[0].outbox)
    feed.publish("A", 4)
    assert (late.seen, others[0].seen[-1]) == ([("A", 4)], ("A", 3)), "the list of those who want it follows every change"


def test_an_update_for_more_clients_than_one_stretch_may_serve_takes_its_turn(feed):
    clients = [Client(feed.hub, "A") for _ in range(MOST_AT_ONCE + 1)]
    feed.hub.writes_at_once = True
    feed.publish("A", 1)
    assert not any(client.writes for client in clients)
    feed.hub.flush()
    assert all(client.seen == [("A", 1)] for client in clients)


@pytest.mark.parametrize("room", [0, 1, 100])
def test_what_a_socket_does_not_take_comes_before_anything_newer(feed, room):
    client, other = Client(feed.hub, "A"), Client(feed.hub, "A")
    feed.hub.writes_at_once = True
    client.room = room
    for seq in (1, 2, 3):
        feed.publish("A", seq)
    client.read_again()
    feed.publish("A", 4)
    assert client.seen == [("A", 1), ("A", 3), ("A", 4)], "the rest of the first, then the newest"
    assert other.seen == [("A", seq) for seq in (1, 2, 3, 4)]


def test_a_batch_too_big_for_one_write_becomes_the_newest_of_each_symbol(feed):
    client = Client(feed.hub, "A", "B")
    for seq in range(1, 1001):
        feed.publish("A", seq)
    feed.publish("B", 1)
    feed.hub.flush()
    assert client.seen == [("A", 1000), ("B", 1)], "a replay after an outage must not cost a megabyte per client"
    assert feed.hub.counts.conflated == 999


def test_catching_up_in_the_middle_of_a_batch_repeats_nothing(feed):
    client = Client(feed.hub, "A")
    client.outbox.pause(1.0)
    feed.publish("A", 1)
    feed.hub.flush()
    feed.publish("A", 2)
    feed.hub.catch_up(client.outbox)
    feed.publish("A", 3)
    feed.hub.flush()
    assert client.seen == [("A", 2), ("A", 3)]


def test_one_broken_socket_costs_the_others_nothing(feed):
    broken, *others = [Client(feed.hub, "A") for _ in range(5)]
    broken.is_broken = True
    gone: list[Outbox] = []
    feed.hub.on_failed = gone.append
    feed.publish("A", 1)
    feed.hub.flush()
    feed.publish("A", 2)
    feed.hub.flush()
    assert all(client.seen == [("A", 1), ("A", 2)] for client in others), "in a prototype this stopped the whole node"
    assert gone == [broken.outbox]
    assert feed.hub.holders == {"A": 4}


def test_joining_an_audience_whose_sockets_are_all_gone(feed):
    gone = Client(feed.hub, "A")
    feed.publish("A", 1)
    gone.is_broken = True
    late = Client(feed.hub, "A")
    feed.publish("A", 2)
    feed.hub.flush()
    assert late.seen == [("A", 2)], "it must be in an audience that updates reach"
    assert feed.hub.holders == {"A": 1}


def test_a_newcomer_whose_socket_breaks_costs_the_others_nothing(feed):
    good = Client(feed.hub, "A")
    feed.publish("A", 1)
    late = Client(feed.hub, "A")
    late.is_broken = True
    feed.publish("A", 2)
    feed.hub.flush()
    assert good.seen == [("A", 1), ("A", 2)]
    assert feed.hub.holders == {"A": 1}


def test_removing_twice_counts_once(feed):
    client, other = Client(feed.hub, "A"), Client(feed.hub, "A")
    feed.hub.remove(client.outbox)
    feed.hub.remove(client.outbox)
    assert feed.hub.holders == {"A": 1}, "a count that falls twice ends below the truth"
    feed.hub.remove(other.outbox)
    assert feed.hub.holders == {}


def test_paused_by_an_operator_nothing_leaves_and_then_the_newest_does(feed):
    client = Client(feed.hub, "A", "B")
    feed.hub.pause()
    for seq in (1, 2, 3):
        feed.publish("A", seq)
        feed.hub.flush()
    assert client.writes == []
    feed.hub.resume()
    feed.hub.flush()
    assert client.seen == [("A", 3)]


def test_the_pacer_is_told_only_when_somebody_waits(feed):
    calls = []
    feed.hub.on_pending = lambda: calls.append(1)
    feed.publish("A", 1)
    assert calls == [], "nobody holds it"
    Client(feed.hub, "A")
    feed.publish("A", 2)
    assert calls
