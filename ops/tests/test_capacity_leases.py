"""The plan's formula of what leases cost Redis, against the nodes' own script in a real Redis."""

import contextlib

import pytest
import redis

from loadtests.redis_box import NoRedisError, redis_box
from ops.capacity.commands import executed
from ops.capacity.plan import lease_commands
from services.contract import keyspace
from services.contract.keyspace import HEARTBEAT_SECONDS
from services.ws.ledger import SCRIPT

SYMBOLS = [f"S{number:02}" for number in range(10)]


@pytest.fixture
def server():
    with contextlib.ExitStack() as stack:
        try:
            box = stack.enter_context(redis_box())
        except NoRedisError as error:
            pytest.skip(str(error))
        yield stack.enter_context(redis.Redis(port=box.port, password=box.password))


def renew(script, node: int) -> None:
    held = [item for symbol in SYMBOLS for item in (symbol, 3)]
    prefixes = (keyspace.node_subscriptions(""), keyspace.subscription_count(""))
    script(
        keys=[keyspace.LEASES, keyspace.SUBSCRIPTIONS_ACTIVE],
        args=[f"ws-{node}", 60_000, "all", *prefixes, keyspace.CHANNEL_SUBSCRIPTIONS, *held],
    )


@pytest.mark.services_real
@pytest.mark.parametrize("nodes", [2, 7])
def test_a_round_of_leases_runs_as_many_commands_as_planned(server, nodes):
    script = server.register_script(SCRIPT)
    for node in range(nodes):
        renew(script, node)
    server.config_resetstat()
    for node in range(nodes):
        renew(script, node)
    text = server.execute_command("INFO", "commandstats")
    lines = "\n".join(f"cmdstat_{name.removeprefix('cmdstat_')}:calls={row['calls']}," for name, row in text.items())
    outside = ("evalsha", "info", "config|resetstat")
    inside = sum(calls for name, calls in executed(lines).items() if name not in outside)
    planned = lease_commands(nodes, len(SYMBOLS)) * HEARTBEAT_SECONDS
    assert inside == pytest.approx(planned), "what grows with the square of the nodes must be counted right"
