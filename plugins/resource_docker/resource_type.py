"""What the server needs of a resource type, and the three types whose plans follow the property tables."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from .engine import Engine
from .engine_log import EngineLog

OPERATION_SECONDS = 20 * 60.0  # where the program sets no custom timeout
LEAST_SECONDS = 0.1


@dataclass
class Context:
    """What an operation works with.

    urn: the resource that messages belong to.
    deadline: when the operation has to be over, by the program's custom timeouts, as `time.monotonic` counts.
    """

    engine: Engine
    log: EngineLog
    urn: str = ""
    deadline: float = field(default_factory=lambda: time.monotonic() + OPERATION_SECONDS)

    def left(self, at_most: float = OPERATION_SECONDS) -> float:
        """Seconds that the operation may still take, and never none at all."""
        return max(min(at_most, self.deadline - time.monotonic()), LEAST_SECONDS)

    def show(self, line: str) -> None:
        """A passing line at the resource, while the operation runs."""
        self.log.status(self.urn, line)


@dataclass
class Made:
    id: str
    outputs: dict[str, Any]


@dataclass
class Found:
    """A resource as it is: its outputs, and the inputs a program would give to get it."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any]


@dataclass
class Difference:
    """path -> (kind, replaces); `stable` are properties that stay as they are whatever happens."""

    changes: dict[str, tuple[str, bool]]
    changed: bool
    stable: list[str] = field(default_factory=list)
    delete_before_replace: bool = False
    detailed: bool = True


class ResourceType(Protocol):
    token: str

    def check(
        self, context: Context, news: dict[str, Any], olds: dict[str, Any], autoname: Any
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]: ...

    def diff(self, prior: dict[str, Any], inputs: dict[str, Any], ignored: Collection[str] = ()) -> Difference: ...

    def create(self, context: Context, inputs: dict[str, Any], *, preview: bool) -> Made: ...

    def read(self, context: Context, resource_id: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> Found | None: ...

    def update(
        self,
        context: Context,
        resource_id: str,
        prior: dict[str, Any],
        inputs: dict[str, Any],
        ignored: Collection[str] = (),
        *,
        preview: bool,
    ) -> dict[str, Any]: ...

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None: ...
