"""Order and gaps of one symbol, without any I/O."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.contract.tests.publisher import line_of
from services.ws.sequencer import MAX_HELD, Sequencer
from services.ws.update import parse_update


def update(seq, symbol="TCS", epoch="e1", fence=1):
    return parse_update(line_of(symbol, epoch, fence, seq, 100.0).encode(), received=1.0)


def seqs(updates):
    return [u.seq for u in updates]


def test_updates_in_order_pass_at_once():
    order = Sequencer()
    assert [seqs(order.accept(update(n))) for n in (4, 5, 6)] == [[4], [5], [6]], "the first seen starts the count"


def test_an_older_or_equal_update_is_dropped():
    order = Sequencer()
    order.accept(update(5))
    assert order.accept(update(5)) == []
    assert order.accept(update(4)) == []
    assert order.stale == 2, "a client must never see an older price after a newer one"


def test_a_gap_holds_later_updates_until_it_is_filled():
    order = Sequencer()
    order.accept(update(1))
    assert order.accept(update(4)) == []
    assert order.accept(update(5)) == []
    assert seqs(order.fill("TCS", [update(2), update(3)])) == [2, 3, 4, 5], "what was missed goes out first"
    assert (order.gaps_found, order.gaps_repaired, order.gaps) == (1, 1, {})


def test_a_half_filled_gap_stays_open():
    order = Sequencer()
    order.accept(update(1))
    order.accept(update(4))
    assert seqs(order.fill("TCS", [update(2)])) == [2]
    assert seqs(order.accept(update(3))) == [3, 4], "a late live update may close it as well"


def test_a_gap_that_cannot_be_filled_is_given_up_with_the_newest():
    order = Sequencer()
    order.accept(update(1))
    order.accept(update(7))
    assert seqs(order.give_up("TCS")) == [7]
    assert order.gaps_given_up == 1
    assert order.give_up("TCS") == [], "giving up twice sends nothing twice"


def test_other_symbols_pass_while_one_waits():
    order = Sequencer()
    order.accept(update(1))
    order.accept(update(3))
    assert seqs(order.accept(update(9, symbol="INFY"))) == [9], "one lost message must not hold up the market"


def test_a_new_epoch_starts_anew_and_closes_the_gap():
    order = Sequencer()
    order.accept(update(9))
    order.accept(update(12))
    assert seqs(order.accept(update(1, epoch="e2", fence=2))) == [1]
    assert order.gaps == {}
    assert order.accept(update(13)) == [], "the old epoch is over"


def test_a_deposed_leader_is_not_heard():
    order = Sequencer()
    order.accept(update(3, fence=5))
    assert order.accept(update(4, fence=4)) == []
    assert order.accept(update(1, epoch="e0", fence=4)) == []
    assert seqs(order.accept(update(4, fence=6))) == [4], "its successor continues the count"


def test_a_snapshot_jumps_and_releases_what_waited_behind_it():
    order = Sequencer()
    order.accept(update(1))
    order.accept(update(5))
    assert seqs(order.jump(update(4))) == [4, 5]
    assert order.jump(update(4)) == [], "a snapshot is no newer than what is known"


def test_a_gap_never_holds_more_than_its_bound():
    order = Sequencer()
    order.accept(update(1))
    out = [u for n in range(3, 3 + MAX_HELD) for u in order.accept(update(n))]
    assert seqs(out) == list(range(3, 3 + MAX_HELD)), "a repair that never comes must not grow memory"


@given(st.lists(st.integers(1, 30), max_size=60), st.randoms(use_true_random=False))
def test_what_passes_is_strictly_rising_whatever_comes(numbers, rng: random.Random):
    order = Sequencer()
    passed = []
    for number in numbers:
        choice = rng.random()
        if choice < 0.7:
            passed += order.accept(update(number))
        elif choice < 0.8:
            passed += order.jump(update(number))
        elif choice < 0.9:
            passed += order.fill("TCS", [update(n) for n in range(number, number + 4)])
        else:
            passed += order.give_up("TCS")
    assert seqs(passed) == sorted(set(seqs(passed))), "seq never falls, and nothing goes out twice"
