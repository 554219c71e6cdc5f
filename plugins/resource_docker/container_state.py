"""A container as Docker describes it, as changes to its state.

What Docker mixes with the image's own (environment, labels) and what only this plugin knows (uploads, wait, …) is not
read back; some lists are only where the state has them, so that a daemon's defaults are no change.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import durations
from .container_spec import MIB
from .sets import in_order

Properties = dict[str, Any]


def from_docker(found: Properties, state: Properties) -> Properties:
    """found: Docker's inspect answer; state: the container's outputs so far."""
    config, host = found["Config"], found["HostConfig"]
    return {
        **_identity(found, config, state),
        **_running(found, state),
        **_process(config, host),
        **_limits(host),
        **_network(found, host, state),
        **_isolation(host, state),
        **_storage(host),
        **_only_where_set(config, host, state),
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


def _limits(host: Properties) -> Properties:
    swap = host.get("MemorySwap", 0)
    return {
        "memory": host.get("Memory", 0) // MIB,
        "memoryReservation": host.get("MemoryReservation", 0) // MIB,
        "memorySwap": swap // MIB if swap > 0 else swap,
        "shmSize": host.get("ShmSize", 0) // MIB,
        "cpuShares": host.get("CpuShares", 0),
        "cpuSet": host.get("CpusetCpus", ""),
        **{
            key: in_order({"path": device["Path"], "rate": device["Rate"]} for device in host.get(name) or [])
            for key, name in (
                ("deviceReadBps", "BlkioDeviceReadBps"),
                ("deviceReadIops", "BlkioDeviceReadIOps"),
                ("deviceWriteBps", "BlkioDeviceWriteBps"),
                ("deviceWriteIops", "BlkioDeviceWriteIOps"),
            )
        },
    }


def _network(found: Properties, host: Properties, state: Properties) -> Properties:
    settings = found.get("NetworkSettings") or {}
    config = found["Config"]
    networks = settings.get("Networks") or {}
    read: Properties = {
        "bridge": settings.get("Bridge", ""),
        "hostname": config.get("Hostname", ""),
        "domainname": config.get("Domainname", ""),
        "networkMode": host.get("NetworkMode", ""),
        "networkDatas": [_network_data(name, networks[name]) for name in sorted(networks)],
        "publishAllPorts": host.get("PublishAllPorts", False),
        "hosts": in_order(_extra_host(entry) for entry in host.get("ExtraHosts") or []),
        "dns": in_order(host.get("Dns") or []),
        "dnsOpts": in_order(host.get("DnsOptions") or []),
        "dnsSearches": in_order(host.get("DnsSearch") or []),
    }
    # A stopped container has no port bindings; where it may be stopped, that is no change.
    if state.get("ports") and (found["State"]["Running"] or state.get("mustRun")):
        read["ports"] = _ports(settings.get("Ports") or {})
    return read


def _network_data(name: str, endpoint: Properties) -> Properties:
    return {
        "gateway": endpoint.get("Gateway", ""),
        "globalIpv6Address": endpoint.get("GlobalIPv6Address", ""),
        "globalIpv6PrefixLength": endpoint.get("GlobalIPv6PrefixLen", 0),
        "ipAddress": endpoint.get("IPAddress", ""),
        "ipPrefixLength": endpoint.get("IPPrefixLen", 0),
        "ipv6Gateway": endpoint.get("IPv6Gateway", ""),
        "macAddress": endpoint.get("MacAddress", ""),
        "networkName": name,
    }


def _extra_host(entry: str) -> Properties:
    """Of an IPv6 address only what is before its first colon, as the official provider reads it."""
    host, address, *_ = entry.split(":")
    return {"host": host, "ip": address}


def _ports(bindings: Properties) -> list[Properties]:
    ports = []
    for key in sorted(bindings, key=lambda key: int(key.split("/")[0])):
        internal, _, protocol = key.partition("/")
        for binding in bindings[key] or []:
            external = int(binding.get("HostPort") or 0)
            ports.append({"external": external, "internal": int(internal), "ip": binding.get("HostIp", ""), "protocol": protocol})
    return ports


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
        "mounts": in_order(_mount(mount) for mount in host.get("Mounts") or []),
        "storageOpts": host.get("StorageOpt") or {},
        "tmpfs": host.get("Tmpfs") or {},
    }


def _mount(mount: Properties) -> Properties:
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


def _only_where_set(config: Properties, host: Properties, state: Properties) -> Properties:
    read: Properties = {"logOpts": ((host.get("LogConfig") or {}).get("Config") or {}) if state.get("logOpts") else {}}
    if state.get("ulimits"):
        read["ulimits"] = in_order(
            {"hard": ulimit["Hard"], "name": ulimit["Name"], "soft": ulimit["Soft"]} for ulimit in host["Ulimits"] or []
        )
    if host.get("NanoCpus"):
        read["cpus"] = decimal(host["NanoCpus"])
    if config.get("Healthcheck") is not None:
        read["healthcheck"] = _healthcheck(config["Healthcheck"])
    if state.get("devices"):
        read["devices"] = in_order(_device(device, state["devices"]) for device in host.get("Devices") or [])
    if state.get("gpus"):
        read["gpus"] = _gpus(host.get("DeviceRequests") or [], state["gpus"])
    elif state.get("deviceRequests"):
        read["deviceRequests"] = in_order(_device_request(request) for request in host.get("DeviceRequests") or [])
    return read


def decimal(nano_cpus: int) -> str:
    """CPUs as the official provider reads them: `1.0`, `1.5`, and with its rounding to one place (`0.1` for 0.05)."""
    text = f"{Decimal(nano_cpus) / 10**9:.9f}"
    return f"{Decimal(text).quantize(Decimal('0.1'), ROUND_HALF_UP)}" if text.count("0") == 9 else text.rstrip("0")


def _healthcheck(check: Properties) -> Properties:
    return {
        "interval": durations.text(check.get("Interval", 0)),
        "retries": check.get("Retries", 0),
        "startInterval": durations.text(check.get("StartInterval", 0)),
        "startPeriod": durations.text(check.get("StartPeriod", 0)),
        "tests": check.get("Test") or [],
        "timeout": durations.text(check.get("Timeout", 0)),
    }


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
