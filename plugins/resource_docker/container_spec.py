"""A container's planned properties as the body of Docker's create request."""

from __future__ import annotations

from typing import Any

from . import container_devices, container_limits, container_mounts, container_network, durations
from .container_limits import MIB
from .engine import dotted
from .errors import DockerError, RefusedError

Properties = dict[str, Any]


def create_body(planned: Properties, api_version: tuple[int, int]) -> Properties:
    """The body of POST /containers/create; RefusedError where this engine's API lacks something the program set."""
    body: Properties = {
        "Image": planned["image"],
        "Hostname": planned["hostname"] or "",
        "Domainname": planned["domainname"] or "",
        "Tty": bool(planned["tty"]),
        "OpenStdin": bool(planned["stdinOpen"]),
        "StopSignal": planned["stopSignal"] or "",
        "User": planned["user"] or "",
        "WorkingDir": planned["workingDir"] or "",
        "Env": planned["envs"] or [],
        "Cmd": _command(planned),
        "Entrypoint": planned["entrypoints"] or None,
        "Labels": container_mounts.label_map(planned["labels"]),
        "ExposedPorts": {container_network.port_key(port): {} for port in planned["ports"]},
        "Volumes": {volume["containerPath"]: {} for volume in planned["volumes"] if volume["containerPath"]},
        "HostConfig": _host_config(planned, api_version),
        "NetworkingConfig": {},
    }
    if planned["stopTimeout"]:
        body["StopTimeout"] = planned["stopTimeout"]
    if planned["healthcheck"]:
        body["Healthcheck"] = _healthcheck(planned["healthcheck"], api_version)
    return body


def _command(planned: Properties) -> list[str] | None:
    command = planned["command"] or []
    if "" in command:
        raise DockerError("values for command may not be empty")
    return command or None


def _healthcheck(check: Properties, api_version: tuple[int, int]) -> Properties:
    body: Properties = {"Test": check["tests"] or [], "Retries": check["retries"] or 0}
    for key, name in (("interval", "Interval"), ("timeout", "Timeout"), ("startPeriod", "StartPeriod")):
        body[name] = durations.nanoseconds(check[key] or "0s")
    start_interval_ns = durations.nanoseconds(check["startInterval"] or "0s")
    if start_interval_ns:
        if api_version < (1, 44):
            raise RefusedError(f"healthcheck.startInterval needs Docker API 1.44, this engine has {dotted(api_version)}")
        body["StartInterval"] = start_interval_ns
    return body


def _host_config(planned: Properties, api_version: tuple[int, int]) -> Properties:
    body: Properties = {
        "AutoRemove": bool(planned["rm"]),
        "Binds": [bind for bind in map(container_mounts.bind, planned["volumes"]) if bind] or None,
        "CapAdd": _capabilities(planned, "adds"),
        "CapDrop": _capabilities(planned, "drops"),
        "CgroupParent": planned["cgroupParent"] or "",
        "CgroupnsMode": _cgroup_namespace(planned),
        "DeviceRequests": container_devices.requests(planned) or None,
        "Devices": [container_devices.mapping(device) for device in planned["devices"]] or None,
        "Dns": planned["dns"] or None,
        "DnsOptions": planned["dnsOpts"] or None,
        "DnsSearch": planned["dnsSearches"] or None,
        "ExtraHosts": [f"{entry['host']}:{entry['ip']}" for entry in planned["hosts"]] or None,
        "GroupAdd": planned["groupAdds"] or None,
        "Init": bool(planned["init"]),
        "IpcMode": planned["ipcMode"] or "",
        "LogConfig": {"Type": planned["logDriver"] or "", "Config": planned["logOpts"] or {}},
        "Mounts": [container_mounts.mount(mount, api_version) for mount in planned["mounts"]] or None,
        "NetworkMode": planned["networkMode"] or "",
        "PidMode": planned["pidMode"] or "",
        "PortBindings": container_network.port_bindings(planned["ports"]) or None,
        "Privileged": bool(planned["privileged"]),
        "PublishAllPorts": bool(planned["publishAllPorts"]),
        "ReadonlyRootfs": bool(planned["readOnly"]),
        "Runtime": planned["runtime"] or "",
        "ShmSize": (planned["shmSize"] or 0) * MIB,
        "StorageOpt": planned["storageOpts"] or None,
        "Sysctls": planned["sysctls"] or None,
        "Tmpfs": planned["tmpfs"] or None,
        "Ulimits": [{"Name": u["name"], "Soft": u["soft"], "Hard": u["hard"]} for u in planned["ulimits"]] or None,
        "UsernsMode": planned["usernsMode"] or "",
        "VolumesFrom": [volume["fromContainer"] for volume in planned["volumes"] if volume["fromContainer"]] or None,
        **_security(planned["securityOpts"] or []),
        **container_limits.changeable(planned),
        **container_limits.cpu_time(planned),
    }
    return body


def _capabilities(planned: Properties, which: str) -> list[str] | None:
    """In the one spelling that the engine gives back: upper case, with the prefix CAP_ (but `ALL`)."""
    names = {name.upper() for name in (planned["capabilities"] or {}).get(which) or []}
    return sorted(name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}" for name in names) or None


def _cgroup_namespace(planned: Properties) -> str:
    mode = planned["cgroupnsMode"] or ""
    if mode not in ("", "private", "host"):
        raise DockerError(f"cgroupnsMode: expected private or host, got {mode!r}")
    return str(mode)


def _security(options: list[str]) -> Properties:
    """`systempaths=unconfined` is the client's to translate; the rest goes to the engine as it is."""
    sent = [option for option in options if option != "systempaths=unconfined"]
    body: Properties = {"SecurityOpt": sent if options else None}
    if "systempaths=unconfined" in options:
        body |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return body
