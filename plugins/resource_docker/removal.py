"""Networks and volumes that are still in use: they get half a minute to become free before their removal fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .errors import DockerError
from .resource_type import Context

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.5


def remove_when_free(
    context: Context, path: str, *, refusal: str, name: str, hint: str, params: Mapping[str, Any] | None = None
) -> None:
    """DELETE `path`, and again while Docker refuses with `refusal`. What is gone already is no error.

    name, hint: the object, and the command that tells what holds it, for the DockerError after all that patience.
    """
    limit_seconds = context.left(PATIENCE_SECONDS)
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            context.engine.json("DELETE", path, params=params)
            return
        except DockerError as error:
            if error.is_missing:
                return
            if refusal not in str(error):
                raise
            if time.monotonic() > deadline:
                raise DockerError(f"{name} is still in use after {limit_seconds:.0f} s; {hint}") from None
        time.sleep(POLL_SECONDS)
