"""Reach: what should have come is known from the sequence numbers, whoever missed them."""

from loadtests.ledger import Ledger


def update(symbol, seq, ts, epoch="e"):
    return {"symbol": symbol, "epoch": epoch, "seq": seq, "ts": ts}


def deliver(ledger, seat, symbol, seq, ts, epoch="e"):
    return ledger.take(seat, ledger.track(update(symbol, seq, ts, epoch)), seq, ts)


def seated(ledger, *symbols, at=0.0, from_seq=0):
    seat = ledger.seat(symbols)
    seat.subscribed_ms = at
    for symbol in symbols:
        if from_seq:
            ledger.snapshot(seat, update(symbol, from_seq, at))
    return seat


def opened(at=100.0):
    ledger = Ledger()
    ledger.opened_ms = at
    return ledger


def test_all_received_is_one_hundred_percent():
    ledger = opened()
    for seat in [seated(ledger, "A", from_seq=4) for _ in range(3)]:
        for seq in (5, 6, 7):
            assert deliver(ledger, seat, "A", seq, 100 + seq)
    reach = ledger.reach()
    assert (reach.expected, reach.received, reach.percent, reach.updates) == (9, 9, 100.0, 3)


def test_a_jump_on_one_socket_is_a_missed_update():
    ledger = opened()
    one, two = (seated(ledger, "A", from_seq=4) for _ in range(2))
    for seq in (5, 6, 7):
        deliver(ledger, one, "A", seq, 100 + seq)
    for seq in (5, 7):
        deliver(ledger, two, "A", seq, 100 + seq)
    reach = ledger.reach()
    assert (reach.expected, reach.received, reach.short_sockets) == (6, 5, 1)


def test_a_number_that_nobody_got_is_missed_by_everybody():
    ledger = opened()
    for seat in [seated(ledger, "A", from_seq=4) for _ in range(2)]:
        for seq in (5, 7):
            deliver(ledger, seat, "A", seq, 100 + seq)
    assert (ledger.reach().expected, ledger.reach().received) == (6, 4), "the platform lost it before the fan-out"


def test_a_socket_that_hears_nothing_at_all_is_noticed():
    ledger = opened()
    one, _deaf = (seated(ledger, "A", at=50) for _ in range(2))
    for seq in (5, 6):
        deliver(ledger, one, "A", seq, 100 + seq)
    assert ledger.reach().percent == 50.0


def test_a_repetition_does_not_make_up_for_a_loss():
    ledger = opened()
    one, two = (seated(ledger, "A", from_seq=4) for _ in range(2))
    for seq in (5, 6):
        deliver(ledger, one, "A", seq, 100 + seq)
    for seq in (5, 5):
        deliver(ledger, two, "A", seq, 100 + seq)
    reach = ledger.reach()
    assert (reach.percent, reach.duplicates) == (75.0, 1)


def test_only_the_window_counts():
    ledger = opened(at=106)
    seat = seated(ledger, "A", from_seq=4)
    assert not deliver(ledger, seat, "A", 5, 105)
    assert deliver(ledger, seat, "A", 6, 106)
    ledger.closed_ms = 107
    assert not deliver(ledger, seat, "A", 7, 107)
    assert (ledger.reach().expected, ledger.reach().received) == (1, 1)


def test_a_socket_that_came_later_is_owed_what_followed():
    ledger = opened()
    early = seated(ledger, "A", from_seq=4)
    for seq in (5, 6, 7):
        deliver(ledger, early, "A", seq, 100 + seq)
    late = seated(ledger, "A", at=106.5, from_seq=6)
    deliver(ledger, late, "A", 7, 107)
    silent = seated(ledger, "A", at=106.5)
    assert silent.received == 0
    assert (ledger.reach().expected, ledger.reach().received) == (3 + 1 + 1, 4)


def test_a_socket_that_never_subscribed_is_owed_nothing_here():
    ledger = opened()
    deliver(ledger, seated(ledger, "A", from_seq=4), "A", 5, 105)
    ledger.seat(("A",))
    assert ledger.reach().percent == 100.0, "it counts as a failed connect, not as lost updates"


def test_a_new_epoch_starts_its_own_count():
    ledger = opened()
    seat = seated(ledger, "A", at=50, from_seq=4)
    deliver(ledger, seat, "A", 5, 105)
    deliver(ledger, seat, "A", 1, 106, epoch="f")
    assert (ledger.reach().expected, ledger.reach().received) == (2, 2)
