"""Volumes and mounts of a container, as Docker takes and tells them: the older binds and the newer mounts."""

from __future__ import annotations

from typing import Any

from .engine import dotted
from .errors import DockerError, RefusedError
from .sets import in_order

Properties = dict[str, Any]


def bind(volume: Properties) -> str | None:
    source = volume["hostPath"] or volume["volumeName"]
    path, other = volume["containerPath"], volume["fromContainer"]
    if not path and not other:
        raise DockerError("volumes: an entry needs containerPath or fromContainer")
    if path and other:
        raise DockerError("volumes: an entry has containerPath or fromContainer, not both")
    if not source or not path:
        return None
    mode = "ro" if volume["readOnly"] else "rw"
    return f"{source}:{path}:{mode}" + (f",{volume['selinuxRelabel']}" if volume["selinuxRelabel"] else "")


def mount(planned: Properties, api_version: tuple[int, int]) -> Properties:
    body: Properties = {
        "Type": planned["type"],
        "Target": planned["target"],
        "Source": planned["source"] or "",
        "ReadOnly": bool(planned["readOnly"]),
    }
    if planned["type"] == "bind" and planned["bindOptions"]:
        body["BindOptions"] = {"Propagation": planned["bindOptions"]["propagation"] or ""}
    if planned["type"] == "volume" and planned["volumeOptions"]:
        body["VolumeOptions"] = _volume_options(planned["volumeOptions"], api_version)
    if planned["type"] == "tmpfs" and planned["tmpfsOptions"]:
        options = planned["tmpfsOptions"]
        body["TmpfsOptions"] = {"SizeBytes": options["sizeBytes"] or 0, "Mode": options["mode"] or 0}
    return body


def _volume_options(options: Properties, api_version: tuple[int, int]) -> Properties:
    if api_version < (1, 45):
        raise RefusedError(
            f"mounts.volumeOptions needs Docker API 1.45, this engine has {dotted(api_version)}; leave the options out"
        )
    return {
        "NoCopy": bool(options["noCopy"]),
        "Labels": label_map(options["labels"] or []),
        "DriverConfig": {"Name": options["driverName"] or "", "Options": options["driverOptions"] or {}},
        "Subpath": options["subpath"] or "",
    }


def label_map(labels: list[Properties]) -> dict[str, str]:
    return {entry["label"]: entry["value"] for entry in labels}


def mount_from_docker(mount: Properties) -> Properties:
    read: Properties = {
        "bindOptions": None,
        "readOnly": mount.get("ReadOnly", False),
        "source": mount.get("Source", ""),
        "target": mount["Target"],
        "tmpfsOptions": None,
        "type": mount["Type"],
        "volumeOptions": None,
    }
    if mount.get("BindOptions") is not None:
        read["bindOptions"] = {"propagation": mount["BindOptions"].get("Propagation", "")}
    if mount.get("TmpfsOptions") is not None:
        options = mount["TmpfsOptions"]
        read["tmpfsOptions"] = {"mode": options.get("Mode", 0), "sizeBytes": options.get("SizeBytes", 0)}
    if mount.get("VolumeOptions") is not None:
        options = mount["VolumeOptions"]
        driver = options.get("DriverConfig") or {}
        read["volumeOptions"] = {
            "driverName": driver.get("Name", ""),
            "driverOptions": driver.get("Options") or {},
            "labels": in_order({"label": k, "value": v} for k, v in (options.get("Labels") or {}).items()),
            "noCopy": options.get("NoCopy", False),
            "subpath": options.get("Subpath", ""),
        }
    return read
