"""The properties of a container: docker 5.1.0's own table, in the words of `schema`."""

from __future__ import annotations

import base64
from typing import Any

from .durations import check_duration
from .schema import (
    Field,
    Fields,
    at_least,
    boolean,
    collection,
    integer,
    labels,
    listing,
    mapping,
    matches,
    one_of,
    single,
    string,
)

READ_TIMEOUT_MS = 15000


def decoded_base64(text: str) -> bytes:
    """Line breaks are allowed, anything else that is no base64 is a ValueError."""
    return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)


def _check_base64(value: Any) -> str | None:
    try:
        decoded_base64(str(value))
    except ValueError:
        return "expected base64 text"
    return None


def _ports_are_the_same(old: list[Any], new: list[Any]) -> bool:
    """The same ports in another order. A port whose host port Docker chooses is never the same as another one."""

    def key(port: dict[str, Any]) -> tuple[Any, ...]:
        return (port.get("internal"), port.get("protocol") or "tcp", port.get("external") or 0, port.get("ip") or "0.0.0.0")  # noqa: S104

    return len(old) == len(new) and sorted(map(key, old)) == sorted(map(key, new))


def _throttled_devices() -> Field:
    return collection({"path": string(required=True), "rate": integer(required=True, check=at_least(0))})


_MOUNT: Fields = {
    "target": string(required=True),
    "source": string(),
    "type": string(required=True, check=one_of("bind", "volume", "tmpfs")),
    "readOnly": boolean(),
    "bindOptions": single({"propagation": string(check=one_of("private", "rprivate", "shared", "rshared", "slave", "rslave"))}),
    "volumeOptions": single(
        {
            "noCopy": boolean(),
            "labels": labels(),
            "driverName": string(),
            "driverOptions": mapping(),
            "subpath": string(replaces=True),
        }
    ),
    "tmpfsOptions": single({"sizeBytes": integer(), "mode": integer()}, replaces=True),
}

_VOLUME: Fields = {
    "fromContainer": string(replaces=True),
    "containerPath": string(replaces=True),
    "hostPath": string(replaces=True, check=matches(r"/.*|[a-zA-Z]:\\.*", "an absolute path")),
    "volumeName": string(replaces=True),
    "readOnly": boolean(replaces=True),
    "selinuxRelabel": string(replaces=True, check=one_of("z", "Z")),
}

_PORT: Fields = {
    "internal": integer(required=True, replaces=True),
    "external": integer(computed=True, replaces=True),
    "ip": string(default="0.0.0.0", replaces=True, empty_means="0.0.0.0"),  # noqa: S104
    "protocol": string(default="tcp", replaces=True),
}

_NETWORK: Fields = {
    "name": string(required=True, replaces=True),
    "aliases": collection(replaces=True),
    "ipv4Address": string(replaces=True),
    "ipv6Address": string(replaces=True),
    "linkLocalIps": collection(replaces=True),
    "macAddress": string(replaces=True),
    "driverOpts": collection(replaces=True),
    "gwPriority": integer(replaces=True, check=at_least(0)),
}

_UPLOAD: Fields = {
    "content": string(replaces=True),
    "contentBase64": string(replaces=True, check=_check_base64),
    "file": string(required=True, replaces=True),
    "executable": boolean(default=False, replaces=True),
    "permissions": string(replaces=True, check=matches(r"0[0-7]{3}", "four octal digits that start with 0")),
    "source": string(replaces=True),
    "sourceHash": string(replaces=True),
}

_HEALTHCHECK: Fields = {
    "tests": listing(),
    "interval": string(default="0s", check=check_duration),
    "timeout": string(default="0s", check=check_duration),
    "startPeriod": string(default="0s", check=check_duration),
    "startInterval": string(default="0s", check=check_duration),
    "retries": integer(default=0, check=at_least(0)),
}

_DEVICE: Fields = {
    "hostPath": string(required=True, replaces=True),
    "containerPath": string(replaces=True),
    "permissions": string(default="rwm", replaces=True),
}

_DEVICE_REQUEST: Fields = {
    "driver": string(default="cdi", replaces=True),
    "count": integer(default=0, replaces=True),
    "deviceIds": collection(replaces=True),
    "capabilities": collection(replaces=True),
    "options": mapping(replaces=True),
}

_NETWORK_DATA: Fields = {
    "networkName": string(output=True),
    "ipAddress": string(output=True),
    "ipPrefixLength": integer(output=True),
    "gateway": string(output=True),
    "globalIpv6Address": string(output=True),
    "globalIpv6PrefixLength": integer(output=True),
    "ipv6Gateway": string(output=True),
    "macAddress": string(output=True),
}

FIELDS: Fields = {
    "attach": boolean(default=False),
    "bridge": string(output=True),
    "capabilities": single(
        {"adds": collection(replaces=True), "drops": collection(replaces=True)}, collection().kind, replaces=True
    ),
    "cgroupParent": string(replaces=True),
    "cgroupnsMode": string(replaces=True),
    "command": listing(computed=True, replaces=True),
    "containerLogs": string(output=True),
    "containerReadRefreshTimeoutMilliseconds": integer(default=READ_TIMEOUT_MS),
    "cpuPeriod": integer(check=at_least(0)),
    "cpuQuota": integer(check=at_least(0)),
    "cpuSet": string(check=matches(r"\d+([,-]\d+)*", "CPU numbers such as 0-3 or 0,1")),
    "cpuShares": integer(check=at_least(0)),
    "cpus": string(replaces=True),
    "destroyGraceSeconds": integer(),
    "deviceReadBps": _throttled_devices(),
    "deviceReadIops": _throttled_devices(),
    "deviceRequests": collection(_DEVICE_REQUEST, replaces=True),
    "deviceWriteBps": _throttled_devices(),
    "deviceWriteIops": _throttled_devices(),
    "devices": collection(_DEVICE, replaces=True),
    "dns": collection(replaces=True),
    "dnsOpts": collection(replaces=True),
    "dnsSearches": collection(replaces=True),
    "domainname": string(replaces=True),
    "entrypoints": listing(computed=True, replaces=True),
    "envs": collection(computed=True, replaces=True),
    "exitCode": integer(output=True),
    "gpus": string(replaces=True),
    "groupAdds": collection(replaces=True),
    "healthcheck": single(_HEALTHCHECK, computed=True),
    "hostname": string(computed=True, replaces=True),
    "hosts": collection(
        {"host": string(required=True, replaces=True), "ip": string(required=True, replaces=True)}, replaces=True
    ),
    "image": string(required=True, replaces=True),
    "init": boolean(computed=True),
    "ipcMode": string(computed=True, replaces=True),
    "labels": labels(computed=True, replaces=True),
    "logDriver": string(computed=True, replaces=True),
    "logOpts": mapping(replaces=True),
    "logs": boolean(default=False),
    "maxRetryCount": integer(),
    "memory": integer(check=at_least(0)),
    "memoryReservation": integer(default=0, check=at_least(0)),
    "memorySwap": integer(check=at_least(-1)),
    "mounts": collection(_MOUNT, replaces=True),
    "mustRun": boolean(default=True),
    "name": string(required=True, replaces=True),
    "networkDatas": listing(_NETWORK_DATA, output=True),
    "networkMode": string(default="bridge", replaces=True),
    "networksAdvanced": collection(_NETWORK, replaces=True),
    "pidMode": string(replaces=True),
    "platform": string(computed=True, replaces=True),
    "ports": listing(_PORT, replaces=True, same_as_before=_ports_are_the_same),
    "privileged": boolean(replaces=True),
    "publishAllPorts": boolean(replaces=True),
    "readOnly": boolean(default=False, replaces=True),
    "removeVolumes": boolean(default=True),
    "restart": string(default="no", check=one_of("no", "on-failure", "always", "unless-stopped")),
    "rm": boolean(default=False),
    "runtime": string(computed=True, replaces=True),
    "securityOpts": collection(computed=True, replaces=True),
    "shmSize": integer(computed=True, replaces=True, check=at_least(0)),
    "start": boolean(default=True),
    "stdinOpen": boolean(default=False, replaces=True),
    "stopSignal": string(computed=True, replaces=True),
    "stopTimeout": integer(computed=True, replaces=True),
    "storageOpts": mapping(replaces=True),
    "sysctls": mapping(replaces=True),
    "tmpfs": mapping(),
    "tty": boolean(default=False, replaces=True),
    "ulimits": collection(
        {
            "name": string(required=True, replaces=True),
            "soft": integer(required=True, replaces=True),
            "hard": integer(required=True, replaces=True),
        },
        replaces=True,
    ),
    "uploads": collection(_UPLOAD, replaces=True),
    "user": string(replaces=True, keeps_when_empty=True),
    "usernsMode": string(replaces=True),
    "volumes": collection(_VOLUME, replaces=True),
    "wait": boolean(default=False),
    "waitTimeout": integer(default=60),
    "workingDir": string(replaces=True, keeps_when_empty=True),
}
