"""`logs`: the lines of a service's containers, of all replicas in the order of time."""

import heapq
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any

from ops.inventory import SERVICE, Inventory
from ops.stack import Stack
from tools.machine.problem import Problem


def logs(stack: Stack, service: str | None, tail: int, follow: bool) -> Iterator[str]:
    """Lines `<container> <line>`; without `follow` the last `tail` of each container.

    Raises:
        Problem: no container of that service.
    """
    inventory, prefix = Inventory(stack.config().get("dockerHost")), stack.label.replace("/", "-")
    found = inventory.client.containers.list(all=True, filters={"label": f"stk.stack={stack.label}"}, ignore_removed=True)
    chosen = [container for container in found if service in (None, container.labels[SERVICE])]
    if not chosen:
        there = ", ".join(sorted({container.labels[SERVICE] for container in found})) or "none"
        raise Problem(f"Stack {stack.name} has no container of service {service}.", f"There is: {there}.", "make status")
    width = max(len(container.name.removeprefix(f"{prefix}-")) for container in chosen)
    named = [(container.name.removeprefix(f"{prefix}-").ljust(width), container) for container in chosen]
    return _followed(named, tail) if follow else _merged(named, tail)


def _lines(name: str, container: Any, tail: int, follow: bool) -> Iterator[tuple[str, str, str]]:
    kept = b""
    for chunk in container.logs(stream=True, follow=follow, timestamps=True, tail=tail):
        *whole, kept = (kept + chunk).split(b"\n")
        for line in whole:
            moment, _, text = line.decode(errors="replace").partition(" ")
            yield moment, name, text


def _merged(named: list[tuple[str, Any]], tail: int) -> Iterator[str]:
    for _, name, text in heapq.merge(*(_lines(name, container, tail, False) for name, container in named)):
        yield f"{name}  {text}"


def _followed(named: list[tuple[str, Any]], tail: int) -> Iterator[str]:
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read(name: str, container: Any) -> None:
        for _, _, text in _lines(name, container, tail, True):
            lines.put(f"{name}  {text}")
        lines.put(None)

    for name, container in named:
        Thread(target=read, args=(name, container), daemon=True).start()
    ended = 0
    while ended < len(named):
        line = lines.get()
        if line is None:
            ended += 1
        else:
            yield line
