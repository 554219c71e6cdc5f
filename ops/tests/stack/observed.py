"""What a test of the stack sees of it in the engine."""

from collections import Counter

from ops.inventory import SERVICE

STACK_NAME = "stacktest"

REPLICAS = {"redis": 1, "database": 1, "migration": 1, "api": 2, "ws": 2, "web": 1, "edge": 1}


def containers(engine):
    filters = {"label": f"stk.stack=stock-tracker/{STACK_NAME}"}
    return engine.containers.list(all=True, filters=filters, ignore_removed=True)


def by_service(engine):
    found: dict[str, set[str]] = {}
    for container in containers(engine):
        found.setdefault(container.labels[SERVICE], set()).add(container.id)
    return found


def by_id(engine, service):
    return next(container for container in containers(engine) if container.labels[SERVICE] == service)


def volumes(engine):
    """Name and time of making: a volume that was made anew has lost its data."""
    found = engine.volumes.list(filters={"label": f"stk.stack=stock-tracker/{STACK_NAME}"})
    return {volume.name: volume.attrs["CreatedAt"] for volume in found}


def counts(engine):
    return dict(Counter(container.labels[SERVICE] for container in containers(engine)))
