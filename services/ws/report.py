"""What /metrics shows of a node: one family per line, names with unit."""

from collections.abc import Iterable
from typing import Protocol

from prometheus_client.core import Metric

from services.ws.admission import Admission
from services.ws.clients import Clients
from services.ws.control import ControlDesk
from services.ws.feed import Feed
from services.ws.history import History
from services.ws.hub import Hub
from services.ws.ledger import Ledger
from services.ws.lookup import Lookup
from services.ws.metrics import Histogram, counter, counters, gauge
from services.ws.pacer import Pacer
from services.ws.sequencer import Sequencer
from services.ws.stream_state import StreamState
from services.ws.subscriber import Subscriber


class Parts(Protocol):
    """What is looked at: the parts of a node."""

    admission: Admission
    clients: Clients
    desk: ControlDesk
    feed: Feed
    history: History
    hub: Hub
    ledger: Ledger
    lookup: Lookup
    pacer: Pacer
    receive_to_write: Histogram
    sequencer: Sequencer
    state: StreamState
    subscriber: Subscriber


def families(node: Parts) -> Iterable[Metric]:
    """All metric families of the node, now."""
    hub, order, feed = node.hub.counts, node.sequencer, node.feed
    slow = list(node.clients.slow)
    yield gauge("ws_connections", "Sockets held", len(node.clients))
    yield gauge("ws_subscriptions", "Symbols held, summed over clients", sum(node.hub.holders.values()))
    yield gauge("ws_symbols", "Distinct symbols held", len(node.hub.holders))
    yield gauge("ws_slow_clients", "Clients whose buffer is full now", len(slow))
    yield gauge("ws_pending_bytes", "Bytes in the buffers of slow clients", sum(c.pending_bytes for c in slow))
    yield gauge("ws_degraded", "1 while Redis is not heard", int(node.state.name == "degraded"))
    yield gauge("ws_redis_lag_seconds", "Time of the last own beat through Redis and back", node.subscriber.lag_seconds)
    yield counter("ws_connections_opened", "Handshakes let in", node.clients.opened)
    yield counters("ws_connections_closed", "Connections ended, by cause", "cause", node.clients.closed)
    yield counters("ws_refused", "Handshakes refused, by cause", "cause", node.admission.refused)
    yield counter("ws_updates_received", "Price updates from Redis", feed.received)
    yield counter("ws_updates_malformed", "Messages on the updates channel that are none", feed.malformed)
    yield counter("ws_updates_stale", "Updates dropped as older than what was sent", order.stale)
    yield counter("ws_delivered", "Update frames written to clients", hub.delivered)
    yield counter("ws_writes", "Writes to sockets for them", hub.writes)
    yield counter("ws_coalesced", "Frames that shared a write with another", hub.coalesced)
    yield counter("ws_conflated", "Updates replaced by a newer one for a slow client", hub.conflated)
    yield counter("ws_failed_writes", "Writes that raised", hub.failed_writes)
    yield counter("ws_gaps_found", "Jumps in seq", order.gaps_found)
    yield counter("ws_gaps_repaired", "Jumps filled from the stream", order.gaps_repaired)
    yield counter("ws_gaps_given_up", "Jumps where only the newest could be sent", order.gaps_given_up)
    yield counter("ws_history_dropped", "Updates that left the resync buffer", node.history.dropped)
    yield counters("ws_resyncs", "Resync requests, by result", "result", node.state.resyncs)
    yield counter("ws_api_calls", "Quotes asked from the API", node.lookup.api_calls)
    yield counter("ws_api_failures", "Such calls without an answer", node.lookup.api_failures)
    yield counter("ws_subscribed_times", "Redis subscriptions made", node.subscriber.subscribed_times)
    yield counter("ws_lease_renewals", "Lease scripts run", node.ledger.renewals)
    yield counter("ws_lease_failures", "Lease scripts that failed", node.ledger.failures)
    yield counters("ws_control_obeyed", "Control messages obeyed", "action", node.desk.obeyed)
    yield counters("ws_control_dropped", "Control messages dropped, by cause", "cause", node.desk.dropped)
    yield counters("ws_status_told", "Status messages to all clients", "state", node.state.told)
    yield gauge("ws_busy_share", "Of a core, over the last some hundred milliseconds", node.pacer.busy_share)
    yield gauge("ws_hold_seconds", "How long updates wait for company now", node.pacer.hold_seconds)
    yield feed.publish_to_receive.family("ws_publish_to_receive_seconds", "API's publication to this node's receipt")
    yield node.receive_to_write.family("ws_receive_to_write_seconds", "Receipt to the socket, the longest wait of each pass")
