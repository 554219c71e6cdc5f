"""Makes the API cold: nobody's quote is in the cache nor in a replica's memory. For the stack on this machine only."""

from ops.containers import StackEngine

# The password goes to redis-cli on its standard input: it is in no argument and no environment value.
_FORGET = """
password=$(</run/secrets/redis_password)
script="local cursor = '0' repeat
  local found = redis.call('SCAN', cursor, 'MATCH', 'cache:*', 'COUNT', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do redis.call('DEL', key) end
until cursor == '0' return 1"
printf 'AUTH "%s"\nEVAL "%s" 0\n' "$password" "${script//$'\n'/ }" | redis-cli | tail -1
"""


class ColdError(Exception):
    """Redis did not forget."""


def make_cold(engine: StackEngine) -> None:
    """Delete the cache's keys and restart the API's replicas, one after the other; sockets stay open.

    Raises:
        ColdError: Redis refused.
        ContainersError: a container did not come back.
    """
    answers = [answer.strip() for answer in engine.execute("redis", ["bash", "-c", _FORGET])]
    if answers != ["1"]:
        raise ColdError(f"deleting the cache's keys: expected 1, got {answers}")
    engine.restart("api")
