"""A container's devices, GPUs and other device requests: as Docker takes them, and as it tells them."""

from __future__ import annotations

from typing import Any

from . import gpus
from .sets import in_order

Properties = dict[str, Any]


def mapping(device: Properties) -> Properties:
    return {
        "PathOnHost": device["hostPath"],
        "PathInContainer": device["containerPath"] or device["hostPath"],
        "CgroupPermissions": device["permissions"] or "rwm",
    }


def requests(planned: Properties) -> list[Properties]:
    if planned["gpus"]:
        return [gpus.device_request(planned["gpus"])]
    return [
        {
            "Driver": request["driver"] or "",
            "Count": request["count"] or 0,
            "DeviceIDs": request["deviceIds"] or [],
            "Capabilities": [request["capabilities"] or []],
            "Options": request["options"] or {},
        }
        for request in planned["deviceRequests"]
    ]


def from_docker(host: Properties, state: Properties) -> Properties:
    """Only what the state has: the rest are the daemon's own."""
    read: Properties = {}
    if state.get("devices"):
        read["devices"] = in_order(_device(device, state["devices"]) for device in host.get("Devices") or [])
    if state.get("gpus"):
        read["gpus"] = _gpus(host.get("DeviceRequests") or [], state["gpus"])
    elif state.get("deviceRequests"):
        read["deviceRequests"] = in_order(_device_request(request) for request in host.get("DeviceRequests") or [])
    return read


def _device(device: Properties, configured: list[Properties]) -> Properties:
    named = any(entry.get("hostPath") == device["PathOnHost"] and entry.get("containerPath") for entry in configured)
    return {
        "containerPath": device["PathInContainer"] if named else "",
        "hostPath": device["PathOnHost"],
        "permissions": device["CgroupPermissions"],
    }


def _gpus(requests: list[Properties], configured: str) -> str:
    if len(requests) != 1:
        return configured if requests else ""
    if requests[0].get("DeviceIDs"):
        return "device=" + ",".join(requests[0]["DeviceIDs"])
    return "all" if requests[0].get("Count") == -1 else configured


def _device_request(request: Properties) -> Properties:
    capabilities = request.get("Capabilities") or [[]]
    return {
        "capabilities": in_order(capabilities[0]),
        "count": request.get("Count", 0),
        "deviceIds": in_order(request.get("DeviceIDs") or []),
        "driver": request.get("Driver", ""),
        "options": request.get("Options") or {},
    }
