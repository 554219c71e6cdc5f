"""`status`: is the platform whole? One row for each container; exit 0 only when all that the stack wants is there and healthy."""

from collections import Counter
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from ops.inventory import KINDS, SERVICE, Inventory
from ops.stack import Stack
from services.contract.endpoints import EDGE_HEALTH


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
