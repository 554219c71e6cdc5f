"""The `gpus` text of a container, as `docker run --gpus` takes it: `all`, a number, or options separated by commas."""

from __future__ import annotations

import csv
from typing import Any

from .errors import DockerError

ALL = -1


def device_request(text: str) -> dict[str, Any]:
    """Docker's device request for `all`, `2`, `device=0`, `"device=0,1"`, `driver=nvidia,count=1` …; DockerError for others."""
    request: dict[str, Any] = {"Driver": "", "Count": 0, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    cleaned = text.strip().strip("\"'").strip()
    parts = [cleaned] if cleaned.startswith("device=") else next(csv.reader([cleaned]))
    for part in parts:
        key, separator, value = part.partition("=")
        _set(request, *((key, value) if separator else ("count", key)))
    if not request["Count"] and not request["DeviceIDs"]:
        request["Count"] = 1
    return request


def _set(request: dict[str, Any], key: str, value: str) -> None:
    if key == "count":
        request["Count"] = _count(value)
    elif key == "device":
        request["DeviceIDs"] = value.split(",")
    elif key == "driver":
        request["Driver"] = value
    elif key == "capabilities":
        request["Capabilities"] = [[*value.split(","), "gpu"]]
    else:
        raise DockerError(f"gpus: unexpected {key!r}; known are count, device, driver and capabilities")


def _count(text: str) -> int:
    if text == "all":
        return ALL
    try:
        return int(text)
    except ValueError:
        raise DockerError(f"gpus: expected `all` or a number, got {text!r}") from None
