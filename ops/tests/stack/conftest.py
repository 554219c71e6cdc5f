"""One stack from nothing to nothing, in a copy of the checkout. The files are numbered: each goes on from the one before.

What is promised here: one command brings everything up in the order of real health; a second one changes nothing; no secret
shows; new code rolls without a failed request; wrong input changes nothing; neighbours are left alone; what is removed by hand,
interrupted or killed is repaired; at the end nothing is left.
"""

import time

import docker
import pytest
from pulumi import automation

from ops.inventory import Inventory
from ops.tests.checkout import copy_checkout, free_port
from ops.tests.stack.observed import STACK_NAME


@pytest.fixture(scope="package")
def engine():
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="package")
def checkout(tmp_path_factory, engine):
    made = copy_checkout(tmp_path_factory.mktemp("stock tracker"), STACK_NAME)  # a blank in the path, as people have
    yield made
    if (made.folder / ".venv").exists():
        made.pulumi("cancel", "--yes")
        made.ops("down")
    leftovers = [
        thing for thing in Inventory().of_stack(f"stock-tracker/{STACK_NAME}") if thing.owner.startswith("stock-tracker")
    ]
    for thing in leftovers:
        getattr(engine, f"{thing.kind}s").get(thing.id).remove(**({"force": True} if thing.kind == "container" else {}))
    assert not leftovers, f"left behind: {[thing.name for thing in leftovers]}"


@pytest.fixture(scope="package")
def up_once(checkout):
    """What the first `up` did, by Pulumi's official Automation API: events in their order."""
    began = time.monotonic()
    done = checkout.run("tools/bootstrap")
    assert done.returncode == 0, done.stdout
    ready_seconds = time.monotonic() - began
    checkout.configure(port=free_port(), keepData="false", webReplicas=1)
    events: list[automation.EngineEvent] = []
    with pytest.MonkeyPatch.context() as shell:
        for line in checkout.run("sh", "-c", 'eval "$(./pulumiw env)" && env').stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith("PULUMI_") or name == "PATH":
                shell.setenv(name, value)
        stack = automation.select_stack(STACK_NAME, work_dir=str(checkout.folder))
        result = stack.up(on_event=events.append)
    return {"events": events, "result": result, "ready_seconds": ready_seconds, "outputs": result.outputs}


@pytest.fixture
def url(up_once):
    return up_once["outputs"]["url"].value
