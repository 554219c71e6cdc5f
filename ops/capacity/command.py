"""`python -m ops capacity`: measures, predicts, checks the prediction, plans. Exit 0 when the prediction held, 1 when not."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ops.access import ROOT
from ops.capacity import report
from ops.capacity.ladder import SYMBOLS_EACH
from ops.capacity.meter import Meter
from ops.capacity.model import Prediction, Step, check, fit, knee
from ops.capacity.plan import Measured, bills, plan
from ops.capacity.run import Bounds, Run, Taken
from ops.prices import PricesError, load_prices
from ops.stack import Stack
from services.contract.objectives import ObjectivesError, load_objectives
from tools.machine.problem import Problem

RESULT = ROOT / "out" / "capacity.json"


@dataclass(frozen=True)
class Question:
    """What is asked: for how many watchers, within which bounds, at which price of a host of one's own."""

    audience: int
    bounds: Bounds
    host_usd: float | None
    result: Path = RESULT


def capacity(stack: Stack, console: Console, question: Question) -> int:
    """Measure the running stack, print, write the result.

    Raises:
        Problem: no such stack, it is not up, or it cannot be measured.
    """
    try:
        limit_ms, prices = load_objectives()["ws_latency"].limit, load_prices()
    except (ObjectivesError, PricesError) as error:
        raise Problem("A file of the checkout cannot be used.", str(error), "git status") from error
    outputs, cores = stack.outputs(), os.cpu_count() or 1
    if "url" not in outputs:
        raise Problem(f"Stack {stack.name} is not up.", "Capacity is measured on a running stack.", "make up")

    def tell(step: Step) -> None:
        console.print(report.step_line(step, limit_ms), markup=False)

    run = Run(Meter(stack), outputs["url"], cores, question.bounds, limit_ms, tell)
    console.print(f"{outputs['url']}  release {outputs.get('release')}  {cores} cores, at most {question.bounds.minutes:g} min")
    console.print(f"\n{report.STEP_HEADS}")
    taken = run.take()
    held = knee(taken.connections, limit_ms)
    if held is None or len(taken.connections) < 2:
        console.print(
            f"\n✗ No cost can be told from {len(taken.connections)} step(s) of which {'none' if held is None else 1} held."
        )
        console.print("Is the machine busy with something else? Look: make status; or give it time: --minutes 5")
        return 1
    measured = measured_of(taken, held, cores)
    predictions = predict(taken, measured)
    planned = plan(measured, question.audience)
    due = bills(prices, measured, planned, question.host_usd)
    failed = next((step for step in taken.connections if step.fails_by(limit_ms)), None)
    lines = ["", *report.finding_lines(taken, held, failed, measured, limit_ms), ""]
    lines += report.prediction_lines(predictions, taken.together, cores) if taken.together else [_unchecked(stack)]
    lines += ["", *report.plan_lines(planned, measured, due)]
    console.print("\n".join(lines), markup=False)
    about = {"stack": stack.name, "release": outputs.get("release"), "limitMs": limit_ms, "cores": cores}
    question.result.parent.mkdir(parents=True, exist_ok=True)
    data = report.as_data(taken, measured, predictions, planned, due, about)
    question.result.write_text(json.dumps(data, indent=1), encoding="utf-8")
    console.print(f"\n{question.result}")
    return 0 if predictions and all(row.is_near for row in predictions) else 1


def _unchecked(stack: Stack) -> str:
    return (
        "✗ Only one ws node runs: its prediction for two cannot be checked.\n"
        f"  Next: ./pulumiw config set wsReplicas 2 --stack {stack.name} && make up"
    )


def measured_of(taken: Taken, held: Step, cores: int) -> Measured:
    """The machine's figures, from the steps up to the knee."""
    good = [step for step in taken.connections if step.seen.connections <= held.seen.connections]
    good = good if len(good) > 1 else list(taken.connections[:2])
    ws_idle = taken.idle.memory_bytes("ws", taken.ws_names[0])
    idle_edge, together = taken.idle.memory_bytes("edge"), taken.together
    cost, foretold = fit(good), (together.seen.connections if together else 0) * SYMBOLS_EACH * taken.updates_per_symbol
    of_nodes = [taken.traffic.sent.get(name, 0.0) for name in taken.ws_names]
    return Measured(
        connections_per_node=held.seen.connections,
        symbols_each=SYMBOLS_EACH,
        updates_per_symbol=taken.updates_per_symbol,
        bytes_per_message=held.seen.bytes_per_message,
        ws=cost,
        ws_behind_edge=1.0 if together is None else max(1.0, together.ws_cores / cost.cores(together.nodes, foretold)),
        ws_idle_bytes=ws_idle,
        ws_bytes_each=(held.ws_bytes[taken.ws_names[0]] - ws_idle) / held.seen.connections,
        edge_cores_each=max(0.0, together.edge_cores - taken.idle_cores["edge"]) / together.seen.connections if together else 0.0,
        edge_idle_bytes=idle_edge,
        edge_bytes_each=(together.edge_bytes - idle_edge) / together.seen.connections if together else 0.0,
        api_cores=held.api_cores,
        api_bytes=taken.idle.memory_bytes("api"),
        redis_cores=held.redis_cores,
        redis_bytes=taken.idle.memory_bytes("redis"),
        symbols_in_all=taken.symbols,
        nodes=taken.nodes,
        commands_sent=taken.traffic.all_sent,
        commands_sent_per_node=sum(of_nodes) / len(of_nodes),
        commands_inside=taken.traffic.inside_scripts,
        cores=cores,
        machine_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )


def predict(taken: Taken, measured: Measured) -> Sequence[Prediction]:
    """What one node says of the crowd on all of them; nothing when there was none."""
    if taken.together is None:
        return []
    fresh = taken.ws_names[1:]
    before = sum(taken.before_together.memory_bytes("ws", name) for name in fresh)
    after = sum(taken.together.ws_bytes[name] for name in fresh)
    share = len(fresh) / taken.nodes
    return check(measured.ws, taken.updates_per_symbol, taken.together, measured.ws_bytes_each, before, after, share)
