"""Nodes end or stop: W1 killed, W2 drained, W3 stopped and woken, W6 herd, W16 mass disconnect; and node and Redis together."""

import asyncio
import signal
import time

from loadtests.faults.stage import SYMBOLS, Stage, stage
from loadtests.faults.verdict import Findings

EACH = 5


async def w1_killed(found: Findings) -> None:
    async with stage(nodes=2) as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        await on.counts_exact(15)
        on.nodes[0].send(signal.SIGKILL)
        await on.nodes[0].gone()
        killed_at = time.monotonic()
        await on.crowd.until(lambda: on.crowd.held == 1000, 20, "all 1000 clients back")
        found.at_most("all_back_s", time.monotonic() - killed_at, 15)
        found.at_most("converged_s", await on.converged(8), 5)
        await on.counts_exact(20)
        found.at_most("counts_exact_s", time.monotonic() - killed_at, 15)
        _gaps(on, found)
        found.of_crowd(on.crowd)


def _gaps(on: Stage, found: Findings) -> None:
    gaps = sorted(gap for client in on.crowd.clients for gap in client.gaps)
    if gaps:
        found.note("gap_p99_s", gaps[int(len(gaps) * 0.99) - 1])
    found.note("reconnects", len(gaps))


async def w2_drained(found: Findings) -> None:
    async with stage(nodes=2) as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        await on.counts_exact(15)
        on.crowd.ports[:] = [on.nodes[1].port]
        on.nodes[0].send(signal.SIGTERM)
        asked_at = time.monotonic()
        code = await on.nodes[0].gone()
        found.at_most("exit_s", time.monotonic() - asked_at, 6)
        found.holds("exit code 0", code == 0)
        await on.crowd.until(lambda: on.crowd.held == 1000, 10, "all 1000 clients back")
        found.at_most("counts_exact_after_exit_s", await on.counts_exact(10), 4)
        found.at_most("converged_s", await on.converged(8), 5)
        closes = dict(on.crowd.totals.closes)
        found.holds("every client of that node was closed with 1012", set(closes) == {"1012"} and closes["1012"] == 500)
        worst = max(client.connects for client in on.crowd.clients)
        found.holds("one reconnect each", worst <= 2)
        _gaps(on, found)
        found.at_most("gap_p99_s", found.figures["gap_p99_s"], 2)
        found.of_crowd(on.crowd)


async def deploy(found: Findings) -> None:
    """The new version runs beside the old one, then the old one is told to go: everybody moves over."""
    async with stage(nodes=2) as on:
        old, new = on.nodes
        new.send(signal.SIGKILL)
        await new.gone()
        on.crowd.ports[:] = [old.port]
        await on.crowd.join(1000, SYMBOLS, EACH)
        new.environment["RELEASE"] = "next"
        new.start()
        await new.ready()
        on.crowd.ports[:] = [new.port]
        old.send(signal.SIGTERM)
        found.holds("the old one ends with exit code 0", await old.gone() == 0)
        await on.crowd.until(lambda: on.crowd.held == 1000, 10, "all 1000 clients on the new version")
        found.at_most("converged_s", await on.converged(8), 5)
        found.holds("one reconnect each", all(client.connects == 2 for client in on.crowd.clients))
        found.holds("every client was closed with 1012", dict(on.crowd.totals.closes) == {"1012": 1000})
        _gaps(on, found)
        found.at_most("gap_p99_s", found.figures["gap_p99_s"], 2)
        await on.counts_exact(15)
        truth = dict(on.leader.truth)
        await on.crowd.until(lambda: not on.crowd.behind(truth), 5, "the last prices")
        found.holds("final prices: all of them", on.crowd.behind(truth) == 0)
        found.tell_ledger(on.crowd, truth)
        found.of_crowd(on.crowd)


async def w3_stopped(found: Findings) -> None:
    async with stage(nodes=2) as on:
        await on.crowd.join(200, SYMBOLS, EACH)
        await on.counts_exact(15)
        on.nodes[0].send(signal.SIGSTOP)
        await asyncio.sleep(16)
        counts, _ = await on.counted()
        everybody = sum(on.crowd.wanted().values())
        found.note("counted_while_stopped", sum(counts.values()))
        found.holds("the stopped node's lease ended", sum(counts.values()) < everybody)
        on.nodes[0].send(signal.SIGCONT)
        found.at_most("counts_exact_s", await on.counts_exact(15), 6)
        found.at_most("converged_s", await on.converged(8), 5)
        counts, _ = await on.counted()
        found.holds("never negative", all(value > 0 for value in counts.values()))
        found.of_crowd(on.crowd)


async def w6_herd(found: Findings) -> None:
    async with stage() as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        connects = sum(client.connects for client in on.crowd.clients)
        for client in on.crowd.clients:
            client.leave()
        cut_at = time.monotonic()
        await asyncio.sleep(0.05)
        await on.crowd.until(lambda: on.crowd.held == 1000, 15, "all back")
        found.at_most("all_back_s", time.monotonic() - cut_at, 5)
        again = sum(client.connects for client in on.crowd.clients) - connects
        found.note("handshakes", again)
        found.holds("no handshake was wasted", again == 1000)
        asked = await on.nodes[0].metric("ws_api_calls_total")
        found.note("api_calls", asked)
        found.holds("at most one API call per symbol", asked <= len(SYMBOLS))
        found.at_most("counts_exact_s", await on.counts_exact(15), 6)
        found.of_crowd(on.crowd)


async def w16_mass_disconnect(found: Findings) -> None:
    """500 of 1000 vanish at once under load; the others miss nothing."""
    async with stage(rate=20) as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        lines = on.nodes[0].log.read_bytes().count(b"\n")
        leaving, staying = on.crowd.clients[:500], on.crowd.clients[500:]
        before = {client: client.connects for client in staying}
        ports, on.crowd.ports[:] = list(on.crowd.ports), [1]
        for client in leaving:
            client.leave()
        await asyncio.sleep(3)
        found.holds("the others were not touched", all(client.connects == before[client] for client in staying))
        found.holds("the others missed nothing", sum(client.follower.missed for client in staying) == 0)
        truth = dict(on.leader.truth)
        behind = await on.crowd.until(lambda: not _behind(staying, truth), 5, "the others current")
        found.at_most("others_current_s", behind, 1)
        found.at_most("log_lines", on.nodes[0].log.read_bytes().count(b"\n") - lines, 500)
        on.crowd.ports[:] = ports
        await on.crowd.until(lambda: on.crowd.held == 1000, 15, "all back")
        found.at_most("counts_exact_s", await on.counts_exact(15), 6)
        found.note("failed_writes", await on.nodes[0].metric("ws_failed_writes_total"))
        found.of_crowd(on.crowd)


def _behind(clients: list, truth: dict[str, tuple[str, int]]) -> int:  # type: ignore[type-arg]
    late = 0
    for client in clients:
        for symbol in client.symbols:
            held = client.follower.latest[symbol]
            late += held["epoch"] != truth[symbol][0] or held["seq"] < truth[symbol][1]
    return late


async def ledger(found: Findings) -> None:
    """A node killed and Redis killed under load, 1000 clients: the whole ledger against the truth."""
    async with stage(nodes=2, rate=2) as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        await on.counts_exact(15)
        baseline = on.nodes[1].rss_mib, on.nodes[1].descriptors
        on.nodes[0].send(signal.SIGKILL)
        await asyncio.sleep(2)
        on.box.kill()
        await asyncio.sleep(6)
        on.box.start()
        on.nodes[0].start()
        healed_at = time.monotonic()
        await on.nodes[0].ready()
        await on.crowd.until(lambda: on.crowd.held == 1000, 20, "all 1000 clients back")
        repaired_at = time.monotonic()
        found.note("repaired_after_s", repaired_at - healed_at)
        found.at_most("ledger_true_s", await on.converged(10), 5)
        await on.counts_exact(20)
        found.at_most("counts_exact_s", time.monotonic() - healed_at, 15)
        truth = dict(on.leader.truth)
        await on.crowd.until(lambda: not on.crowd.behind(truth), 5, "the publisher's last prices")
        found.holds("O3 every pair at the publisher's last price", on.crowd.behind(truth) == 0)
        found.holds("O2 no unrepaired jump", on.crowd.missed == 0)
        found.tell_ledger(on.crowd, truth)
        found.note("survivor_rss_growth_mib", on.nodes[1].rss_mib - baseline[0])
        await on.crowd.leave()
        await asyncio.sleep(3)
        found.at_most("descriptors_left", on.nodes[1].descriptors - (baseline[1] - 500), 12)
        counts, active = await on.counted()
        found.holds("nothing leaked in Redis", not counts and not active)
        found.of_crowd(on.crowd)


FAULTS = {
    "W1": ("node killed, 1000 clients on two", w1_killed),
    "W2": ("node drained (SIGTERM), 1000 clients on two", w2_drained),
    "W3": ("node stopped 16 s, then woken", w3_stopped),
    "W6": ("1000 clients cut at once, all return", w6_herd),
    "W16": ("500 of 1000 vanish at once under load", w16_mass_disconnect),
    "DEPLOY": ("a new version replaces the old one, 1000 clients", deploy),
    "LEDGER": ("node killed, then Redis killed, 1000 clients", ledger),
}
