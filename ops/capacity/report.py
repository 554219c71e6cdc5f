"""Says what was measured and what follows, with its arithmetic; and the same as data."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ops.capacity.ladder import SYMBOLS_EACH
from ops.capacity.model import Prediction, Step
from ops.capacity.plan import DAY_SECONDS, ROOM, Measured, Plan
from ops.capacity.run import Taken
from ops.prices import Bill

KIB = 1024


STEP_HEADS = (
    f"{'way':<5}{'sockets':>7}{'symbols':>8}{'deliveries/s':>13}{'reach':>9}{'p50 ms':>8}{'p99 ms':>8}{'ws cpu':>8}{'edge':>7}"
    f"{'gen.':>7}{'machine':>9}{'per CPU s':>12}"
)


def step_line(step: Step, limit_ms: float) -> str:
    """One step for a reader."""
    seen, broken = step.seen, step.fails_by(limit_ms)
    verdict = f"✗ {broken}" if broken else "✓"
    return (
        f"{step.way:<5}{seen.connections:>7,}{step.symbols:>8}{seen.deliveries_per_second:>13,.0f}{seen.reach:>9.2%}"
        f"{seen.p50_ms:>8.1f}{seen.p99_ms:>8.1f}{step.ws_cores:>8.2f}{step.edge_cores:>7.2f}{seen.cpu:>7.0%}"
        f"{step.machine_share:>9.0%}{step.deliveries_per_cpu_second:>12,.0f}  {verdict}"
    )


def finding_lines(taken: Taken, held: Step, first_failed: Step | None, measured: Measured, limit_ms: float) -> list[str]:
    """The figures of this machine."""
    rate = f"{SYMBOLS_EACH} symbols each, {taken.updates_per_symbol:.2f} updates/s a symbol"
    end = "no further step was taken" if first_failed is None else f"the next step: {first_failed.fails_by(limit_ms)}"
    good = [step for step in [*taken.connections, *taken.rates] if step.fails_by(limit_ms) is None]
    best = max(good, key=lambda step: step.deliveries_per_cpu_second)
    sockets, sent = held.seen.connections, DAY_SECONDS * measured.commands_sent
    executed, counted = sent + DAY_SECONDS * measured.commands_inside, DAY_SECONDS * taken.traffic.counted
    rows = {
        "knee of one node": f"{sockets:,} sockets ({rate}), p99 {held.seen.p99_ms:.1f} ms; {end}",
        "  limited by": first_failed.limited_by() if first_failed else "nothing yet: allow more sockets, or more minutes",
        "sockets per core": f"{held.connections_per_core:,.0f} ({sockets:,} took {held.ws_cores:.2f} cores of the ws node)",
        "KiB per socket": f"ws node {measured.ws_bytes_each / KIB:.1f}, edge {_or_unknown(measured.edge_bytes_each / KIB)}",
        "deliveries per CPU second": f"{held.deliveries_per_cpu_second:,.0f} at the knee; at best "
        f"{best.deliveries_per_cpu_second:,.0f} ({best.seen.connections:,} sockets x {best.symbols} symbols)",
        "cost of one node": f"{measured.ws.idle:.3f} cores idle + {1e6 * measured.ws.per_delivery:.1f} us per delivery; "
        f"behind the edge {measured.ws_behind_edge:.2f} times that",
        "Redis commands per day": f"{sent:,.0f} sent; {executed:,.0f} executed, those inside scripts included",
        "  by Redis' own counters": f"{counted:,.0f} executed, over the same seconds",
    }
    lines = [f"{name:<26}{text}" for name, text in rows.items()]
    return lines


def prediction_lines(predictions: Sequence[Prediction], run: Step, cores: int) -> list[str]:
    """Two nodes: said from one, and measured."""
    head = f"{run.nodes} nodes, {run.seen.connections:,} sockets through the edge: predicted from one node alone, then measured"
    lines = [head, f"  {'':<28}{'predicted':>12}{'measured':>12}{'difference':>12}"]
    lines += [
        f"  {row.what:<28}{_figure(row.predicted):>12}{_figure(row.measured):>12}{row.difference:>+12.1%}  {row.unit}"
        f"{'' if row.is_near else '  ✗ further than 20 %'}"
        for row in predictions
    ]
    share = run.machine_share
    return [
        *lines,
        f"  {cores} cores were {share:.0%} busy: ws {run.ws_cores:.2f}, edge {run.edge_cores:.2f}, API {run.api_cores:.2f}, "
        f"Redis {run.redis_cores:.2f}, generator {run.seen.cpu:.2f}.",
        "  Nodes on this machine share its cores with all of these: processor time is predicted, not twice the audience.",
    ]


def plan_lines(planned: Plan, measured: Measured, bills: Sequence[Bill]) -> list[str]:
    """What an audience needs, and what it costs."""
    per_node, commands = int(measured.connections_per_node * ROOM), planned.commands_executed_per_day
    room, gib = f"{ROOM:.0%}", 2**30
    memory = [part / gib for part in (planned.ws_bytes, planned.edge_bytes, planned.other_bytes)]
    rows = {
        "ws nodes": f"{planned.ws_nodes} ({planned.audience:,} / {per_node:,} each, {room} of the knee, and one to spare)",
        "stacks side by side": f"{planned.cells}, each with its own Redis",
        "deliveries": f"{planned.deliveries_per_second:,.0f} per second, {planned.megabits_per_second:,.1f} Mbit/s",
        "cores": f"ws {planned.ws_cores:.2f} + edge {planned.edge_cores:.2f} + API and Redis {planned.other_cores:.2f}",
        "GiB": f"ws {memory[0]:.2f} + edge {memory[1]:.2f} + API and Redis {memory[2]:.2f}",
        "machines like this one": f"{planned.hosts} ({measured.cores} cores, {room} of them used)",
        "Redis commands per day": f"{planned.commands_sent_per_day:,.0f} sent, {commands:,.0f} executed",
    }
    lines = [f"{planned.audience:,} watchers", *(f"  {name:<24}{text}" for name, text in rows.items())]
    lines.append("  a month, were every hour like this one:")
    return lines + [line for bill in bills for line in _bill_lines(bill, planned)]


def _bill_lines(bill: Bill, planned: Plan) -> list[str]:
    if bill.target == "docker" and planned.hosts > 1:
        return [f"    {'docker':<8}does not fit on one machine like this"]
    known = f"${bill.known_usd:,.2f}" if len(bill.unknown) < len(bill.lines) else ""
    total = " and ".join(filter(None, [known, f"what is unknown: {', '.join(bill.unknown)}" if bill.unknown else ""]))
    lines = [f"    {bill.target:<8}{total}"]
    return lines + [f"            {line.what}: {line.arithmetic}" for line in bill.lines]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"


def _or_unknown(value: float) -> str:
    return f"{value:.1f}" if value else "not measured"


def as_data(
    taken: Taken,
    measured: Measured,
    predictions: Sequence[Prediction],
    planned: Plan,
    bills: Sequence[Bill],
    about: dict[str, Any],
) -> dict[str, Any]:
    """Everything for out/capacity.json; units are in the names or at the fields of the classes."""
    return {
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **about,
        "idle": {"cores": taken.idle_cores, "machineCores": taken.machine_idle_cores},
        "steps": [asdict(step) for step in [*taken.connections, *taken.rates, *([taken.together] if taken.together else [])]],
        "measured": asdict(measured),
        "redis": {
            "sent": dict(taken.traffic.sent),
            "inside": taken.traffic.inside_scripts,
            "counted": taken.traffic.counted,
        },
        "predictions": [asdict(row) | {"difference": row.difference} for row in predictions],
        "plan": asdict(planned),
        "bills": [asdict(bill) | {"known_usd": bill.known_usd, "unknown": bill.unknown} for bill in bills],
    }
