"""The composition root: makes one of each part, ties them together, serves, and drains on SIGTERM."""

import asyncio
import contextlib
import gc
import secrets
import signal
import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import httpx
from prometheus_client.core import Metric
from websockets.asyncio.server import Server

from services.contract import keyspace
from services.contract.messages import Control, Notice
from services.ws import report
from services.ws.admission import Admission, AdmissionRules
from services.ws.clients import Clients
from services.ws.control import ControlDesk
from services.ws.conversation import ConversationRules
from services.ws.drain import close_in_turn
from services.ws.feed import Feed
from services.ws.handler import Handler
from services.ws.history import History
from services.ws.holdings import Services
from services.ws.hub import Hub
from services.ws.keepalive import Keepalive
from services.ws.ledger import Ledger
from services.ws.listener import connection_rules, listen
from services.ws.log import log
from services.ws.lookup import Lookup
from services.ws.metrics import Histogram
from services.ws.pacer import Pacer
from services.ws.pages import Pages
from services.ws.redis_link import RedisAway, RedisLink
from services.ws.self_check import SelfCheck
from services.ws.sequencer import Sequencer
from services.ws.settings import WsSettings
from services.ws.stream_state import StreamState
from services.ws.subscriber import Subscriber
from services.ws.tokens import make_tokens
from services.ws.update import Update

RETRY_HINT_MS = 500
"""Reconnects of a drained node's clients are spread by its closing them one after another; this only shakes them a little."""
LAST_SECONDS = 3.0
"""How long what was told to end may take; after it the process ends anyway."""
GC_THRESHOLDS = (1_500, 10, 10)
"""Python's 700 collects so often that good handshakes wait 0.2 s behind 1500 half ones; 5,000 keeps 5 MiB of these alive."""


class Node:
    """One process of the fan-out."""

    def __init__(self, settings: WsSettings, api: httpx.AsyncClient | None = None) -> None:
        self.settings = settings
        self.port = settings.port
        """Where it listens; known once it serves."""
        self.link = RedisLink(settings)
        self.sequencer = Sequencer()
        self.hub = Hub(self.sequencer.latest)
        self.history = History()
        self.feed = Feed(self.link, self.sequencer, self.hub, self.history)
        self.receive_to_write = Histogram()
        self.pacer = Pacer(self.hub, settings.hold_max_seconds)
        self.hub.on_pending = self.pacer.pending
        self.hub.on_written = self._note_oldest
        self.rules = connection_rules(settings, self.hub)
        self.clients = Clients(self.rules.slow)
        self.state = StreamState(self.clients.tell)
        self.ledger = Ledger(self.link, settings.node_id, settings.redis_channel_subscriptions, self.hub)
        self.subscriber = Subscriber(
            self.link,
            settings.node_id,
            (settings.redis_channel_updates, settings.redis_channel_control),
            self._take_messages,
            self._on_up,
            self.state.degraded,
        )
        self.desk = ControlDesk(settings.secret("control_key"), settings.node_id, self._obey, self.subscriber.heard_beat)
        self.api = api or httpx.AsyncClient(base_url=settings.api_base, trust_env=False)
        self.lookup = Lookup(self.api, self.feed, self.sequencer.latest)
        self.tokens = make_tokens(settings)
        self._own_key = secrets.token_urlsafe(24)
        self.check: SelfCheck | None = None
        self._stop = asyncio.Event()
        self.serving = asyncio.Event()
        self._updates_channel = settings.redis_channel_updates.encode()
        self.admission = self._admission()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or a signed `drain`; then let everybody go in good order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        server = await self._serve()
        self.port = next(iter(server.sockets)).getsockname()[1]
        self.check = SelfCheck(self.port, self._own_key, self.settings.default_symbols)
        keepalive = Keepalive(self.clients, self.settings.ping_seconds, self.settings.write_deadline_seconds)
        log.info("serving", port=self.port)
        self.serving.set()
        tasks = [loop.create_task(job()) for job in (self.subscriber.run, self.ledger.run, keepalive.run, self.check.run)]
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await self._wait_for_stop(tasks)
        await self._drain(server, tasks)
        await self.api.aclose()
        await self.link.close()
        log.info("drained")

    def stop(self) -> None:
        """Begin to drain."""
        self._stop.set()

    async def _wait_for_stop(self, tasks: list[asyncio.Task[None]]) -> None:
        """Until asked to stop; a background task that ends with an error ends the node: half a node serves stale prices."""
        stop = asyncio.get_running_loop().create_task(self._stop.wait())
        running: set[asyncio.Task[Any]] = {stop, *tasks}
        while not stop.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stop}:
                task.result()

    # ---- parts

    def _serve(self) -> Server:
        settings = self.settings
        handler = Handler(
            ConversationRules(
                node=settings.node_id,
                release=settings.release,
                max_symbols=settings.max_symbols,
                bad_messages=settings.bad_messages,
                first_message_seconds=settings.first_message_seconds,
                require_token=settings.require_token,
            ),
            Services(self.hub, self.lookup, self.ledger, self.history, self.tokens, self.state),
        )
        return listen(handler, self.admission, self.rules, settings)

    def _admission(self) -> Admission:
        settings = self.settings
        key = settings.secret("client_key")
        rules = AdmissionRules(
            origins=frozenset(settings.allowed_origins),
            client_keys=(self._own_key, *([key] if key else [])),
            trusted_hops=settings.trusted_hops,
            max_connections=settings.max_connections,
            max_connections_per_address=settings.max_connections_per_address,
            handshakes_per_second=settings.handshakes_per_second,
            handshake_burst=settings.handshake_burst,
        )
        pages = Pages(self.facts, self._unready, self._families)
        return Admission(rules, self.clients, self.tokens, pages.table())

    def facts(self) -> dict[str, object]:
        """What /health says beside its status."""
        return {
            "connections": len(self.clients),
            "subscriptions": sum(self.hub.holders.values()),
            "release": self.settings.release,
            "node": self.settings.node_id,
            "stream": self.state.name,
        }

    def _unready(self) -> str | None:
        if self._stop.is_set():
            return "draining"
        return self.check.problem if self.check else "not serving yet"

    def _families(self) -> Iterable[Metric]:
        return report.families(self)

    # ---- what happens

    def _note_oldest(self, update: Update) -> None:
        self.receive_to_write.observe(time.time() - update.received)

    def _take_messages(self, messages: list[tuple[bytes, bytes]]) -> None:
        """(channel, data) in order; neighbouring updates stay together, so that they may share writes."""
        for is_updates, group in groupby(messages, lambda message: message[0] == self._updates_channel):
            if is_updates:
                self.feed.take_messages([data for _, data in group])
            else:
                for _, data in group:
                    self.desk.take_message(data)

    def _on_up(self) -> None:
        self.ledger.renew_soon()
        task = asyncio.get_running_loop().create_task(self._make_current())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _make_current(self) -> None:
        await self.feed.resync()
        with contextlib.suppress(RedisAway):
            self._agree_on_pause(await self.link.call(lambda client: client.get(keyspace.PAUSED)))
        if self.subscriber.is_up:
            self.state.live()

    def _agree_on_pause(self, reason: bytes | str | None) -> None:
        """A pause or resume that was said while this node did not hear; Redis keeps it."""
        if reason is not None and not self.state.is_paused:
            self.state.paused(reason.decode() if isinstance(reason, bytes) else reason)
        elif reason is None:
            self.state.resumed()
            self.hub.resume()

    def _obey(self, control: Control) -> None:
        reason = str(control.data.get("reason", ""))[:500]
        log.info("control", action=control.action, scope=control.scope, reason=reason)
        if control.action == "pause":
            self.hub.pause()
            self.state.paused(reason)
        elif control.action == "resume":
            self.state.resumed()
            self.hub.resume()
        elif control.action == "drain":
            self._stop.set()
        elif control.action == "notice":
            self.state.notice(Notice.model_validate(control.data))

    async def _drain(self, server: Server, tasks: list[asyncio.Task[None]]) -> None:
        """No newcomers, everybody told and let go, leases released at once."""
        self.admission.is_open = False
        server.close(close_connections=False)
        self.state.draining(RETRY_HINT_MS)
        await close_in_turn(self.clients, self.settings.drain_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=LAST_SECONDS)
        await self.ledger.release()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await server.wait_closed()
