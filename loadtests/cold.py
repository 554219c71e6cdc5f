"""Makes the API cold, and sees how often the source was asked meanwhile. For the stack on this machine only."""

import math
from collections.abc import Mapping

from ops.containers import StackEngine
from services.contract.keyspace import SEQUENCES

# The password goes to redis-cli on its standard input: it is in no argument and no environment value.
_ASK = """
password=$(</run/secrets/redis_password)
printf 'AUTH "%s"\n%s\n' "$password" "$1" | redis-cli | tail -n +2
"""
_FORGET = (
    "EVAL \"local cursor = '0' repeat "
    "local found = redis.call('SCAN', cursor, 'MATCH', 'cache:*', 'COUNT', 1000) cursor = found[1] "
    "for _, key in ipairs(found[2]) do redis.call('DEL', key) end until cursor == '0' return 1\" 0"
)
SLACK_SECONDS = 2.0


class ColdError(Exception):
    """Redis did not do as asked."""


def make_cold(engine: StackEngine) -> None:
    """Delete the cache's keys and restart the API's replicas, one after the other; sockets stay open.

    Raises:
        ColdError: Redis refused.
        ContainersError: a container did not come back.
    """
    answer = _ask(engine, _FORGET)
    if answer != ["1"]:
        raise ColdError(f"deleting the cache's keys: expected 1, got {answer}")
    engine.restart("api")


def sequences(engine: StackEngine) -> dict[str, int]:
    """The number of updates published so far, by symbol.

    Raises:
        ColdError: Redis refused.
    """
    lines = _ask(engine, f"HGETALL {SEQUENCES}")
    try:
        return dict(zip(lines[::2], map(int, lines[1::2]), strict=True))
    except ValueError as error:
        raise ColdError(f"{SEQUENCES}: expected names and numbers, got {lines[:2]}") from error


def most_calls(before: Mapping[str, int], after: Mapping[str, int], seconds: float) -> int:
    """How often the source was asked for the same symbol within one cache lifetime, at most.

    A reading lives for the second until the next one; each is published once. So a symbol that was published more often than
    seconds went by was asked for more than once in some of them: a stampede.
    """
    published = [count - before.get(symbol, 0) for symbol, count in after.items()]
    return max((math.ceil(count / (seconds + SLACK_SECONDS)) for count in published), default=0)


def _ask(engine: StackEngine, command: str) -> list[str]:
    answers = engine.execute("redis", ["bash", "-c", _ASK, "ask", command])
    if len(answers) != 1:
        raise ColdError(f"expected one Redis in this stack on this Docker engine, found {len(answers)}")
    return answers[0].strip().splitlines()
