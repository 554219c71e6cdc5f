"""For any interleaving of subscribe, update, loss, reconnect and slow reads: a client ends where the publisher is, and never
sees a sequence number fall. The parts between are the real ones (sequencer, hub, outbox, history); only I/O is played."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.contract.follower import Follower
from services.contract.messages import Mode
from services.contract.tests.publisher import line_of, price_of
from services.ws.history import History
from services.ws.hub import Hub
from services.ws.outbox import Outbox
from services.ws.sequencer import Sequencer
from services.ws.tests.test_hub import split
from services.ws.update import parse_update

SYMBOLS = ["A", "B", "C"]
symbols = st.sampled_from(SYMBOLS)


class PlayedClient:
    """Follows as every client does; `wire` holds what it was sent, so that order on the wire is checked too."""

    def __init__(self, node):
        self.follower = Follower()
        self.wire = {}
        self.connect(node)

    def connect(self, node):
        self.node = node
        self.room, self.rest, self.waiting = 10**6, b"", []
        self.outbox = Outbox(id(self), self.spill)

    def send(self, data):
        """What the socket takes now of what the hub sends past the transport."""
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.room -= len(taken)
        self.arrives(taken)
        return len(taken)

    def spill(self, data):
        self.waiting.append(data)
        self.outbox.pause(1.0)

    def put(self, snapshot):
        """The node's own messages stand in line with what waits in the transport."""
        if self.waiting:
            self.waiting.append(snapshot)
        else:
            self.arrives(snapshot)

    def reads_again(self):
        self.room = 10**6
        waiting, self.waiting = self.waiting, []
        for item in waiting:
            self.arrives(item)
        self.node.catch_up(self.outbox)

    def arrives(self, item):
        if isinstance(item, dict):
            assert not self.rest, "a frame was torn by another"
            for quote in item["quotes"]:
                self.wire[quote["symbol"]] = (quote["fence"], quote["epoch"], quote["seq"])
            self.follower.apply(item)
            return
        found, self.rest = split(self.rest + item)
        for message in found:
            self.take(message)

    def take(self, message):
        held = self.wire.get(message["symbol"])
        new = (message["fence"], message["epoch"], message["seq"])
        if held is not None and held[1] == new[1]:
            assert new[2] > held[2], f"seq fell or repeated on the wire: {held} then {new}"
        self.wire[message["symbol"]] = new
        self.follower.apply(message)

    def subscribe(self, symbol):
        self.node.set_interest(self.outbox, {**self.outbox.symbols, symbol: Mode.QUOTE})
        self.outbox.told([symbol])
        newest = self.node.latest.get(symbol)
        held = self.wire.get(symbol)
        if newest is not None and held != (newest.fence, newest.epoch, newest.seq):
            self.put({"type": "snapshot", "quotes": [wire_form(newest)]})

    def unsubscribe(self, symbol):
        self.node.set_interest(self.outbox, {s: m for s, m in self.outbox.symbols.items() if s != symbol})
        self.follower.forget(symbol)
        self.wire.pop(symbol, None)


def wire_form(update):
    return {
        "type": "price_update", "symbol": update.symbol, "epoch": update.epoch, "fence": update.fence, "seq": update.seq,
        "data": update.data,
    }  # fmt: skip


class Stream(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.epoch, self.fence = "e1", 1
        self.seqs = dict.fromkeys(SYMBOLS, 0)
        self.stream = []
        self.order = Sequencer()
        self.hub = Hub(self.order.latest, lambda address, data: self.at(address).send(data))
        self.history = History()
        self.clients = [PlayedClient(self.hub), PlayedClient(self.hub)]

    def at(self, address):
        (client,) = (client for client in self.clients if id(client) == address)
        return client

    def passed(self, updates):
        self.history.add(updates, 1.0)
        self.hub.publish(updates)

    @rule(symbol=symbols, is_lost=st.booleans())
    def publish(self, symbol, is_lost):
        self.seqs[symbol] += 1
        seq = self.seqs[symbol]
        update = parse_update(line_of(symbol, self.epoch, self.fence, seq, price_of(seq)).encode(), 1.0)
        self.stream.append(update)
        if not is_lost:
            self.passed(self.order.accept(update))

    @rule()
    def redis_loses_everything(self):
        self.epoch, self.fence = f"e{self.fence + 1}", self.fence + 1
        self.seqs = dict.fromkeys(SYMBOLS, 0)
        self.stream.clear()

    @precondition(lambda self: self.order.gaps)
    @rule(can_fill=st.booleans())
    def repair(self, can_fill):
        for symbol in list(self.order.gaps):
            if can_fill:
                self.passed(self.order.fill(symbol, [u for u in self.stream if u.symbol == symbol and u.epoch == self.epoch]))
            self.passed(self.order.give_up(symbol))

    @rule()
    def flush(self):
        self.hub.flush()

    @rule(who=st.integers(0, 1), symbol=symbols)
    def subscribe(self, who, symbol):
        self.clients[who].subscribe(symbol)

    @rule(who=st.integers(0, 1), symbol=symbols)
    def unsubscribe(self, who, symbol):
        self.clients[who].unsubscribe(symbol)

    @rule(is_idle=st.booleans())
    def the_load_changes(self, is_idle):
        self.hub.writes_at_once = is_idle

    @rule(who=st.integers(0, 1), room=st.integers(0, 400))
    def stops_reading(self, who, room):
        self.clients[who].room = room

    @rule(who=st.integers(0, 1))
    def reads_again(self, who):
        self.clients[who].reads_again()

    @rule(who=st.integers(0, 1))
    def reconnects_with_resync(self, who):
        client = self.clients[who]
        held = list(client.outbox.symbols)
        self.hub.remove(client.outbox)
        client.connect(self.hub)
        self.hub.set_interest(client.outbox, dict.fromkeys(held, Mode.QUOTE))
        for symbol in held:
            newest, position = self.order.latest.get(symbol), client.follower.position(symbol)
            if newest is None:
                continue
            replay = self.history.since(newest, position["epoch"], position["seq"]) if position else None
            missed = [newest] if replay is None else replay
            client.put({"type": "snapshot", "quotes": [wire_form(u) for u in missed]})

    @invariant()
    def a_client_holds_only_what_was_published(self):
        for client in self.clients:
            for symbol, held in client.follower.latest.items():
                assert held["data"]["price"] == price_of(held["seq"]), f"{symbol}: a price that was never published"

    @invariant()
    def counts_are_what_clients_hold(self):
        expected = {s: n for s in SYMBOLS if (n := sum(s in c.outbox.symbols for c in self.clients))}
        assert self.hub.holders == expected, "the leases are made of these counts"

    def teardown(self):
        for symbol in list(self.order.gaps):
            self.passed(self.order.give_up(symbol))
        for symbol, seq in self.seqs.items():
            if seq:
                line = line_of(symbol, self.epoch, self.fence, seq, price_of(seq))
                self.passed(self.order.jump(parse_update(line.encode(), 1.0)))
        for client in self.clients:
            client.reads_again()
        self.hub.flush()
        for client in self.clients:
            for symbol in client.outbox.symbols:
                if self.seqs[symbol]:
                    held = client.follower.latest[symbol]
                    assert (held["epoch"], held["seq"]) == (self.epoch, self.seqs[symbol]), "after repair every client is current"


Stream.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestStream = Stream.TestCase


def test_what_a_slow_client_was_told_on_asking_again_is_not_sent_once_more():
    state = Stream()
    state.subscribe(0, "A")
    state.publish("A", False)
    state.stops_reading(0, 0)
    state.flush()
    state.publish("A", False)
    state.subscribe(0, "A")
    state.teardown()
