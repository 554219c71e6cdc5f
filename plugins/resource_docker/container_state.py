"""A container as Docker describes it, as changes to its state.

What Docker mixes with the image's own (environment, labels) and what only this plugin knows (uploads, wait, …) is not
read back; some lists are only where the state has them, so that a daemon's defaults are no change.
"""

from __future__ import annotations

from typing import Any

from . import container_devices, container_limits, container_mounts, container_network, durations
from .sets import in_order

Properties = dict[str, Any]


def from_docker(found: Properties, state: Properties) -> Properties:
    """found: Docker's inspect answer; state: the container's outputs so far."""
    config, host = found["Config"], found["HostConfig"]
    return {
        **_identity(found, config, state),
        **_running(found, state),
        **_process(config, host),
        **container_limits.from_docker(host),
        **container_network.from_docker(found, host, state),
        **_isolation(host, state),
        **_storage(host),
        **_only_where_set(config, host, state),
        **container_devices.from_docker(host, state),
    }


def _identity(found: Properties, config: Properties, state: Properties) -> Properties:
    by_id = str(state.get("image") or "").startswith("sha256:")
    return {
        "name": found["Name"].lstrip("/"),
        "image": found["Image"] if by_id else config["Image"],
        "platform": found.get("Platform") or "",
    }


def _running(found: Properties, state: Properties) -> Properties:
    if found["State"]["Running"]:
        return {}
    stopped: Properties = {"exitCode": found["State"]["ExitCode"]}
    if state.get("mustRun"):
        stopped["mustRun"] = False
    return stopped


def _process(config: Properties, host: Properties) -> Properties:
    restart = host.get("RestartPolicy") or {}
    return {
        "command": config.get("Cmd") or [],
        "entrypoints": config.get("Entrypoint") or [],
        "user": config.get("User", ""),
        "workingDir": config.get("WorkingDir", ""),
        "tty": config.get("Tty", False),
        "stdinOpen": config.get("OpenStdin", False),
        "stopSignal": config.get("StopSignal", ""),
        "stopTimeout": config.get("StopTimeout") or 0,
        "restart": restart.get("Name", ""),
        "maxRetryCount": restart.get("MaximumRetryCount", 0),
        "init": bool(host.get("Init")),
        "rm": host.get("AutoRemove", False),
        "logDriver": (host.get("LogConfig") or {}).get("Type", ""),
    }


def _isolation(host: Properties, state: Properties) -> Properties:
    read: Properties = {
        "privileged": host.get("Privileged", False),
        "readOnly": host.get("ReadonlyRootfs", False),
        "securityOpts": in_order(host.get("SecurityOpt") or []),
        "runtime": host.get("Runtime", ""),
        "usernsMode": host.get("UsernsMode", ""),
        "ipcMode": host.get("IpcMode", ""),
        "groupAdds": in_order(host.get("GroupAdd") or []),
        "sysctls": host.get("Sysctls") or {},
    }
    if host.get("CapAdd") or host.get("CapDrop"):
        read["capabilities"] = {
            "adds": in_order(host.get("CapAdd") or []),
            "drops": in_order(host.get("CapDrop") or []),
        }
    if state.get("pidMode"):
        read["pidMode"] = host.get("PidMode", "")
    return read


def _storage(host: Properties) -> Properties:
    return {
        "mounts": in_order(container_mounts.mount_from_docker(mount) for mount in host.get("Mounts") or []),
        "storageOpts": host.get("StorageOpt") or {},
        "tmpfs": host.get("Tmpfs") or {},
    }


def _only_where_set(config: Properties, host: Properties, state: Properties) -> Properties:
    read: Properties = {"logOpts": ((host.get("LogConfig") or {}).get("Config") or {}) if state.get("logOpts") else {}}
    if state.get("ulimits"):
        read["ulimits"] = in_order(
            {"hard": ulimit["Hard"], "name": ulimit["Name"], "soft": ulimit["Soft"]} for ulimit in host["Ulimits"] or []
        )
    if host.get("NanoCpus"):
        read["cpus"] = container_limits.decimal(host["NanoCpus"])
    if config.get("Healthcheck") is not None:
        read["healthcheck"] = _healthcheck(config["Healthcheck"])
    return read


def _healthcheck(check: Properties) -> Properties:
    return {
        "interval": durations.text(check.get("Interval", 0)),
        "retries": check.get("Retries", 0),
        "startInterval": durations.text(check.get("StartInterval", 0)),
        "startPeriod": durations.text(check.get("StartPeriod", 0)),
        "tests": check.get("Test") or [],
        "timeout": durations.text(check.get("Timeout", 0)),
    }
