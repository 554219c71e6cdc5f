"""Everything that can stop an `up` is looked for before anything is made; what a killed run left behind is removed by name.

The order matters: first the lock (is anyone at work?), then what is someone else's (stop, touch nothing), last our own remains.
"""

from collections.abc import Callable

from ops import port as ports
from ops.inventory import KINDS, Held, Inventory
from ops.lock import clear_dead_locks
from ops.stack import Stack, State
from tools.machine import docker_engine
from tools.machine.problem import Problem

FIXED_NAMES = ("redis", "database", "edge", "redis-data", "database-data")
"""Nouns whose containers and volumes have the same name in every run of a stack."""

DEFAULT_PORT, DEFAULT_ADDRESS = "8080", "127.0.0.1"
Tell = Callable[[str], None]


def preflight(stack: Stack, tell: Tell) -> None:
    """Make sure that `up` can begin; `tell` gets one line for everything that was put right.

    Raises:
        Problem: it cannot; nothing of anyone else was touched.
    """
    config = stack.config()
    inventory = Inventory(config.get("dockerHost"))
    for lock in clear_dead_locks(stack):
        tell(f"released the stack: process {lock.pid}, which held it since {lock.since:%H:%M:%S}, is gone")
    state, held = stack.state(), inventory.of_stack(stack.label)
    owner = config.get("owner", "")
    _refuse_foreign(stack, config, held, inventory)
    _require_port(stack, config, owner, inventory)
    _remove_remains(stack, owner, state, held, inventory, tell)
    for urn in state.failed_migrations():
        stack.ask("state", "taint", "--yes", urn)
        tell("the last migration failed: it is run again")


def _refuse_foreign(stack: Stack, config: dict[str, str], held: list[Held], inventory: Inventory) -> None:
    owner, port_text = config.get("owner", ""), config.get("port", DEFAULT_PORT)
    prefix = stack.label.replace("/", "-")
    named = inventory.named([f"{prefix}-{noun}" for noun in FIXED_NAMES])
    foreign = sorted({(thing.kind, thing.name, thing.owner) for thing in [*held, *named] if thing.owner != owner})
    if not foreign:
        return
    owners = sorted({f"checkout {name}" if name else "something that is no stack of ours" for _, _, name in foreign})
    shown = ", ".join(f"{kind} {name}" for kind, name, _ in foreign[:4]) + (", …" if len(foreign) > 4 else "")
    taken = inventory.publisher(int(port_text)) if port_text.isdigit() else None
    port = f" Port {port_text} is taken too, by container {taken.name}." if taken else ""
    raise Problem(
        f"Names of stack {stack.name} are in use on this engine by {' and '.join(owners)}: {shown}.{port}",
        "Nothing was touched. Both can run side by side under another name and port.",
        "tools/bootstrap --stack second && ./pulumiw config set port 8081 --stack second && STOCK_TRACKER_STACK=second make up",
    )


def _require_port(stack: Stack, config: dict[str, str], owner: str, inventory: Inventory) -> None:
    text, address = config.get("port", DEFAULT_PORT), config.get("bindAddress", DEFAULT_ADDRESS)
    engine = config.get("dockerHost") or docker_engine.host()
    if not text.isdigit() or not 1 <= int(text) <= 65535 or not engine.startswith("unix:"):
        return  # a wrong value is reported with all others by the program; a port of another host is seen there
    port = int(text)
    publisher = inventory.publisher(port)
    if publisher and publisher.labels.get("stk.stack") == stack.label and publisher.owner == owner:
        return
    try:
        free = ports.is_free(address, port)
    except (OSError, ValueError) as error:
        raise Problem(
            f"Cannot listen on {address}:{port}: {getattr(error, 'strerror', None) or error}.",
            "Nothing was changed.",
            f"./pulumiw config set bindAddress 127.0.0.1 --stack {stack.name}",
        ) from error
    if not free:
        by = f"container {publisher.name}" if publisher else ports.holder(port)
        raise Problem(
            f"Port {port} is used by {by}.",
            "Nothing was changed.",
            f"use another: ./pulumiw config set port {port + 1} --stack {stack.name}; then: make up",
        )


def _remove_remains(stack: Stack, owner: str, state: State, held: list[Held], inventory: Inventory, tell: Tell) -> None:
    """A run that was killed while it made something leaves what Pulumi's state does not know."""
    known = {kind: state.ids(KINDS[kind]) for kind in KINDS}
    remains = [thing for thing in held if thing.kind != "volume" and thing.owner == owner and thing.id not in known[thing.kind]]
    for thing in sorted(remains, key=lambda thing: thing.kind):  # containers before the networks they are on
        inventory.remove(thing)
        tell(f"removed {thing.kind} {thing.name}: an interrupted run had begun it")
    if state.pending:
        stack.ask("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
        tell(f"forgot {len(state.pending)} operation{'s' * (len(state.pending) > 1)} that an interrupted run had begun")
