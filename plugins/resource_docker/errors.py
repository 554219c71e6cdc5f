"""Failures of this plugin, each with one sentence for the person who typed `pulumi up`."""

from __future__ import annotations

from typing import Any


class DockerError(Exception):
    """Docker refused or could not do something. `status` is its HTTP code, 0 where there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_missing(self) -> bool:
        return self.status == 404


class RefusedError(Exception):
    """Something this plugin does not do, named."""


class HalfMadeError(Exception):
    """A resource was made but did not become what was asked for: it exists under `id` and is kept in the state.

    outputs: what is known of it; filled in by whoever knows the plan.
    """

    def __init__(self, resource_id: str, reason: str, outputs: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.id = resource_id
        self.outputs = {**(outputs or {}), "id": resource_id}
