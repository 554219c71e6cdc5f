"""`down`: destroy the stack and say what is left on purpose."""

from rich.console import Console

from ops.inventory import Inventory
from ops.lock import clear_dead_locks
from ops.stack import Stack
from ops.update import INTERRUPTED, run_update


def down(stack: Stack, console: Console) -> int:
    """Remove everything but the data. 0 done, 1 failed, 130 interrupted.

    Raises:
        Problem: it cannot begin.
    """
    config = stack.config()
    inventory = Inventory(config.get("dockerHost"))
    for lock in clear_dead_locks(stack):
        console.print(f"✓ released the stack: process {lock.pid}, which held it, is gone")
    code, progress = run_update(stack, console, "destroy")
    if code:
        for error in progress.errors:
            console.print(f"✗ {error}", markup=False)
        console.print("Not everything is gone yet. Again: make down")
        return code if code == INTERRUPTED else 1
    left = [thing for thing in inventory.of_stack(stack.label) if thing.owner == config.get("owner", "")]
    for thing in left:
        if thing.kind != "volume":
            inventory.remove(thing)
            console.print(f"✓ removed {thing.kind} {thing.name}: an interrupted run had begun it")
    volumes = sorted(thing.name for thing in left if thing.kind == "volume")
    console.print(f"Stack {stack.name} is down.")
    if volumes:
        console.print(f"Its data is kept for the next up. To remove it for good: docker volume rm {' '.join(volumes)}")
    return 0
