"""What a client that was away shortly can still get."""

from services.ws.history import History
from services.ws.tests.test_sequencer import seqs, update


def kept(*updates, limit=1000, seconds=60.0):
    history = History(limit, seconds)
    history.add(updates, updates[-1].received)
    return history


def test_what_was_missed_comes_oldest_first():
    history = kept(*[update(n) for n in range(1, 6)])
    assert seqs(history.since(update(5), "e1", 2)) == [3, 4, 5]
    assert history.since(update(5), "e1", 5) == [], "nothing was missed"


def test_other_symbols_are_left_out():
    history = kept(update(1), update(1, symbol="INFY"), update(2))
    assert seqs(history.since(update(2), "e1", 0)) == [1, 2]


def test_it_says_when_it_cannot_tell_everything():
    history = kept(*[update(n) for n in range(1, 21)], limit=10)
    assert history.since(update(20), "e1", 5) is None, "a hole must be told, not papered over"
    assert history.since(update(20), "e0", 19) is None, "another epoch's number means nothing"
    assert history.since(update(20), "e1", 21) is None, "a client from the future followed another stream"
    assert history.dropped == 10


def test_it_is_bounded_by_age():
    history = History(1000, 60.0)
    history.add([update(1)], 1.0)
    history.add([update(2)], 100.0)
    assert len(history) == 0 or history.since(update(2), "e1", 0) is None
