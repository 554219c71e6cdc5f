"""`status`: is the platform whole, and does it keep its promises? A row for each container and for each promise in the metrics.

Exit 0 only when all that the stack wants is there and healthy. A promise that is broken now is marked; `make proof` judges.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from ops.inventory import KINDS, SERVICE, Inventory
from ops.promises import NOT_SHOWN, SHOWN, Samples, read_samples
from ops.stack import Stack
from services.contract.endpoints import API_PORT, EDGE_HEALTH, METRICS, WS_PORT
from services.contract.objectives import Objective, Objectives, ObjectivesError, load_objectives

METRICS_PORTS = {"api": API_PORT, "ws": WS_PORT}
WATCH_SECONDS = 3.0
# The edge shows no metrics; they are read inside the containers.
_READ = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}{path}', timeout=5).read().decode())"


def status(stack: Stack, console: Console) -> int:
    """Print the table and the verdict.

    Raises:
        Problem: no such stack, or no engine.
    """
    inventory, outputs = Inventory(stack.config().get("dockerHost")), stack.outputs()
    if "url" not in outputs:
        console.print(f"Stack {stack.name} is not up. Bring it up: make up")
        return 1
    wanted = stack.state().ids(KINDS["container"])
    found = inventory.client.containers.list(all=True, filters={"label": f"stk.stack={stack.label}"}, ignore_removed=True)
    table = Table("service", "container", "state", "restarts", "image", box=None)
    for container in sorted(found, key=lambda container: (container.labels[SERVICE], container.name)):
        extra = "" if container.id in wanted else " (not in Pulumi's state)"
        restarts, image = str(container.attrs["RestartCount"]), container.attrs["Image"].removeprefix("sha256:")[:8]
        table.add_row(container.labels[SERVICE], container.name + extra, state_of(container), restarts, image)
    console.print(table)
    _print_promises(console, [container for container in found if state_of(container) == "healthy"])
    problems = [
        f"{name} is {state}" for name, state in ((c.name, state_of(c)) for c in found) if state not in ("healthy", "done")
    ]
    problems += [f"{count} container(s) that Pulumi made are gone" for count in [len(wanted - {c.id for c in found})] if count]
    problems += [] if _answers(outputs["url"]) else [f"{outputs['url']} does not answer"]
    counts = ", ".join(f"{count} {state}" for state, count in Counter(state_of(container) for container in found).items())
    console.print(f"\n{outputs['url']}  release {outputs.get('release')}  {counts}", markup=False)
    for problem in problems:
        console.print(f"✗ {problem}", markup=False)
    console.print("whole" if not problems else "Repair it: make up; look closer: python -m ops logs SERVICE")
    return 1 if problems else 0


def _print_promises(console: Console, containers: Sequence[Any]) -> None:
    """What can be read live; the others are told by the commands that measure them."""
    try:
        objectives = load_objectives()
    except ObjectivesError as error:
        console.print(f"\n✗ promises: {error}", markup=False)
        return
    first = _samples(containers)
    time.sleep(WATCH_SECONDS)
    rows = promise_rows(objectives, first, _samples(containers))
    table = Table("promise", "limit", f"last {WATCH_SECONDS:g} s", "since start", "seen", "", box=None)
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(table)
    console.print(f"{len(NOT_SHOWN)} more are measured from outside: make smoke, make proof")


def promise_rows(objectives: Objectives, first: Mapping[str, Samples], last: Mapping[str, Samples]) -> list[tuple[str, ...]]:
    """Promise, limit, value between the readings, value since the processes began, what is seen of it, a mark when broken now."""
    rows = []
    for identifier, (service, sign, seen) in SHOWN.items():
        objective = objectives[identifier]
        now = sign.value(objective, first.get(service, ()), last.get(service, ()))
        ever = sign.value(objective, (), last.get(service, ()))
        texts = ["nothing seen" if value is None else sign.shown(value) for value in (now, ever)]
        mark = "✗" if now is not None and not _holds(objective, now) else ""
        rows.append((identifier, objective.target(), *texts, seen, mark))
    return rows


def _holds(objective: Objective, value: float) -> bool:
    """A percentile is known as the upper bound of its bucket: at the limit it is still below it."""
    return objective.keeps(value) or value == objective.limit


def _samples(containers: Sequence[Any]) -> dict[str, Samples]:
    """By service. A replica that does not answer is left out: its state is in the table above."""
    texts: dict[str, list[str]] = {}
    for container in containers:
        service = container.labels[SERVICE]
        if service not in METRICS_PORTS:
            continue
        read = _READ.format(port=METRICS_PORTS[service], path=METRICS)
        code, output = container.exec_run(["python3", "-c", read], demux=False)
        if code == 0:
            texts.setdefault(service, []).append(output.decode(errors="replace"))
    return {service: read_samples(found) for service, found in texts.items()}


def state_of(container: Any) -> str:
    """One word: healthy, unhealthy, starting, restarting, done, or exited with its code."""
    state = container.attrs["State"]
    if state["Status"] == "exited":
        return "done" if state["ExitCode"] == 0 and not state.get("Health") else f"exited ({state['ExitCode']})"
    return str(state.get("Health", {}).get("Status") or state["Status"])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}{EDGE_HEALTH}", timeout=3).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
