"""A container's limits: what its memory, CPUs and device rates are to Docker, and what Docker says of them.

All but the CPU time can be changed while it runs.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from .errors import DockerError
from .sets import in_order

Properties = dict[str, Any]
MIB = 1024 * 1024
DEVICE_RATES = (
    ("deviceReadBps", "BlkioDeviceReadBps"),
    ("deviceReadIops", "BlkioDeviceReadIOps"),
    ("deviceWriteBps", "BlkioDeviceWriteBps"),
    ("deviceWriteIops", "BlkioDeviceWriteIOps"),
)


def changeable(planned: Properties) -> Properties:
    """What can be changed while a container runs."""
    swap = planned["memorySwap"] or 0
    body: Properties = {
        "RestartPolicy": {"Name": planned["restart"] or "", "MaximumRetryCount": planned["maxRetryCount"] or 0},
        "CpuShares": planned["cpuShares"] or 0,
        "CpusetCpus": planned["cpuSet"] or "",
        "Memory": (planned["memory"] or 0) * MIB,
        "MemoryReservation": (planned["memoryReservation"] or 0) * MIB,
        "MemorySwap": swap * MIB if swap > 0 else swap,
    }
    for key, name in DEVICE_RATES:
        if planned[key]:
            body[name] = [{"Path": device["path"], "Rate": device["rate"]} for device in planned[key]]
    return body


def cpu_time(planned: Properties) -> Properties:
    if not planned["cpus"]:
        return {"CpuPeriod": planned["cpuPeriod"] or 0, "CpuQuota": planned["cpuQuota"] or 0}
    try:
        nano_cpus = Fraction(planned["cpus"]) * 10**9
    except (ValueError, ZeroDivisionError):
        raise DockerError(f"cpus: expected a number such as 0.5, got {planned['cpus']!r}") from None
    if nano_cpus.denominator != 1:
        raise DockerError(f"cpus: {planned['cpus']!r} is too precise, nine places after the point are the most")
    return {"NanoCpus": int(nano_cpus)}


def from_docker(host: Properties) -> Properties:
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
            for key, name in DEVICE_RATES
        },
    }


def decimal(nano_cpus: int) -> str:
    """CPUs as the official provider reads them: `1.0`, `1.5`, and with its rounding to one place (`0.1` for 0.05)."""
    text = f"{Decimal(nano_cpus) / 10**9:.9f}"
    return f"{Decimal(text).quantize(Decimal('0.1'), ROUND_HALF_UP)}" if text.count("0") == 9 else text.rstrip("0")
