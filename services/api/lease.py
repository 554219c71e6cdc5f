"""Which API replica ingests: a lease in Redis with a fencing number that only rises.

All times are Redis' own; a replica's clock decides nothing. Whoever writes prices proves its fence inside the writing script
(publisher.py), so a leader that slept through its lease cannot write over its successor.
"""

from dataclasses import dataclass
from uuid import uuid4

from services.api.redis_link import RedisAway, RedisLink
from services.contract.keyspace import EPOCH, FENCE, LEADER, LEADER_LEASE_MS, RUN, RUN_SECONDS

_ACQUIRE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {holder, redis.call('GET', KEYS[4]) or ''} end
local fence = (tonumber(redis.call('GET', KEYS[2])) or 0) + 1
local now = tonumber(redis.call('TIME')[1])
if fence < now then fence = now end
fence = string.format('%d', fence)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], fence)
redis.call('SET', KEYS[3], ARGV[3], 'NX')
return {ARGV[1], fence, redis.call('GET', KEYS[3]), redis.call('GET', KEYS[4]) or ''}
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[5]) end
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

RENEW_SECONDS = 1.5
CAMPAIGN_SECONDS = 1.0


@dataclass(frozen=True)
class Term:
    """One leader's time in office."""

    fence: int
    epoch: str


class Lease:
    """This node's side of the election."""

    def __init__(self, link: RedisLink, node_id: str) -> None:
        self._link = link
        self._node_id = node_id
        self._acquire = link.client.register_script(_ACQUIRE)
        self._renew = link.client.register_script(_RENEW)
        self._release = link.client.register_script(_RELEASE)
        self.holder: str | None = None
        """Who ingests, as far as this node knows; None while nobody does or Redis is away."""
        self.left = ""
        """Where the last leader known to this node stood (see keyspace.RUN); survives a loss of Redis' data."""

    async def acquire(self) -> Term | None:
        """Try once; None when another node holds it. Raises RedisAway."""
        try:
            answer = await self._link.call(
                lambda _: self._acquire(keys=[LEADER, FENCE, EPOCH, RUN], args=[self._node_id, LEADER_LEASE_MS, uuid4().hex[:16]])
            )
        except RedisAway:
            self.holder = None
            raise
        self.holder = answer[0].decode()
        self.left = answer[-1].decode() or self.left
        return Term(int(answer[1]), answer[2].decode()) if len(answer) == 4 else None

    async def renew(self, term: Term, run: str) -> bool:
        """Keep it and note where the day stands; False when it was lost. Raises RedisAway."""
        self.left = run
        kept = await self._link.call(
            lambda _: self._renew(keys=[LEADER, FENCE, RUN], args=[self._node_id, term.fence, LEADER_LEASE_MS, run, RUN_SECONDS])
        )
        return bool(kept)

    async def release(self) -> None:
        """Let a successor start at once. Raises RedisAway."""
        self.holder = None
        await self._link.call(lambda _: self._release(keys=[LEADER], args=[self._node_id]))
