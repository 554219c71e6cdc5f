"""The client's rule against the vectors that the page's TypeScript is held to as well."""

import json
from pathlib import Path

import pytest

from services.contract.follower import Follower

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "follower.json").read_text())


def update(symbol, epoch, fence, seq):
    return {"type": "price_update", "symbol": symbol, "epoch": epoch, "fence": fence, "seq": seq}


def message(vector):
    kind, *rest = vector
    return update(*rest) if kind == "u" else {"type": "snapshot", "quotes": [update(*quote) for quote in rest]}


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    follower = Follower()
    for vector in case["messages"]:
        follower.apply(message(vector))
    latest = {s: [u["epoch"], u["fence"], u["seq"]] for s, u in follower.latest.items()}
    assert latest == case["latest"], "a client that ends on another value shows a wrong price"
    assert (follower.applied, follower.dropped, follower.missed) == (case["applied"], case["dropped"], case["missed"])


def test_position_is_what_a_resync_sends():
    follower = Follower()
    follower.apply(update("A", "e1", 1, 3))
    assert follower.position("A") == {"epoch": "e1", "seq": 3}
    follower.forget("A")
    assert follower.position("A") is None, "an unsubscribed symbol must start from a snapshot again"
