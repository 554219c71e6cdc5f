"""Every Redis key and channel name, with its type and lifetime. Nobody else spells one."""

# Channels (overridable by the services' settings; the names are the owner's).
CHANNEL_UPDATES = "market-data:updates"
"""One or more lines, each a finished `price_update` (see messages.PriceUpdate) as the browser gets it."""
CHANNEL_SUBSCRIPTIONS = "market-data:subscriptions"
"""`{action, symbols, node}` from a ws node when a symbol's count leaves or reaches 0: a hint, the leases are the truth."""
CHANNEL_CONTROL = "market-data:control"
"""Signed control messages (messages.Control) and each ws node's own heartbeat."""

# Cache: strings with a TTL, the only keys an eviction policy may touch (volatile-lru).
INDICES = "cache:indices"
"""JSON list of price_update objects of all indices the source has."""


def quote(symbol: str) -> str:
    """String, TTL: the last published `price_update` line of `symbol`, byte for byte."""
    return f"cache:quote:{symbol}"


QUOTE_TTL_SECONDS = 86_400
"""A day: staleness is judged by the times inside the value, not by the key's absence."""

# Subscriptions: no TTL, so no eviction policy touches them; expiry is the score of LEASES.
SUBSCRIPTIONS_ACTIVE = "subscriptions:active"
"""Set of symbols with a live lease."""
LEASES = "subscriptions:leases"
"""Sorted set: node id -> expiry in ms of Redis' own clock. The truth about which nodes live."""
LEASE_SECONDS = 10
HEARTBEAT_SECONDS = 3


def subscription_count(symbol: str) -> str:
    """String: how many live clients, over all nodes, hold `symbol`. Derived from the live nodes' hashes."""
    return f"subscriptions:count:{symbol}"


def node_subscriptions(node: str) -> str:
    """Hash: symbol -> number of this node's clients that hold it."""
    return f"subscriptions:node:{node}"


# Ingest: one leader among the API replicas. No TTL but the lease itself.
STREAM = "market-data:stream"
"""Bounded stream (MAXLEN ~): field `lines` = the message published on CHANNEL_UPDATES. The repair source after a gap."""
STREAM_MAX_ENTRIES = 10_000
STREAM_MAX_LINES = 20_000
"""An entry holds one line or hundreds, so the writer trims by lines too: about 8 MB whatever a tick is made of."""
LEADER = "ingest:leader"
"""String with PX: `<node id>`; SET NX PX, renewed by its owner only."""
LEADER_LEASE_MS = 5_000
FENCE = "ingest:fence"
"""Rises with each new leader, and over a loss of Redis' data too (never below Redis' clock in seconds); a writer that holds
another fence is refused."""
EPOCH = "ingest:epoch"
"""String: random, made when absent; a new epoch tells clients that sequence numbers start anew (Redis lost its data)."""
RUN = "ingest:run"
"""String, TTL: where a replayed or simulated day stands, so that a new leader goes on where the old one stopped; of live sources,
until when each service is left alone."""
RUN_SECONDS = 60
PAUSED = "ingest:paused"
"""String: the operator's reason while publishing is paused; absent otherwise."""
SEQUENCES = "ingest:sequences"
"""Hash: symbol -> last sequence number published."""
