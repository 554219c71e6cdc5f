"""What a running stack has used so far: processor and memory of its containers by their cgroups, commands by Redis' own counters.

Two readings and their difference are the caller's business. Nothing here changes the stack.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker.errors import DockerException

from ops.capacity.commands import Traffic, executed, traffic
from ops.inventory import SERVICE, Inventory
from ops.stack import Stack
from tools.machine.problem import Problem

NANO = 1e9
INACTIVE = ("total_inactive_file", "inactive_file")
"""Name under cgroup v1, then v2; pages of files that can go at any time are nobody's need."""
# The password goes to redis-cli on its standard input: it is in no argument and no environment value.
_ASK = """
password=$(</run/secrets/redis_password)
printf 'AUTH "%s"\n%s\n' "$password" "$1" | timeout "$2" redis-cli | grep -v '^OK' | sed -n "$3"
"""
_ALL, _WHO = "p", r"s/^\([0-9.]* \[[^]]*\]\).*/\1/p"
"""For sed: every line; of a line of MONITOR only when and by whom, so that no content leaves Redis."""
ASK_SECONDS = 10


@dataclass(frozen=True)
class Used:
    """Of one container since it started: CPU seconds; memory bytes now; when the engine read it (Unix seconds)."""

    cpu_seconds: float
    memory_bytes: float
    at: float


@dataclass(frozen=True)
class Snapshot:
    """All containers by service and name, and the busy CPU seconds of the whole machine."""

    containers: Mapping[str, Mapping[str, Used]]
    machine_seconds: float
    at: float

    def cores(self, earlier: "Snapshot", service: str, only: str | None = None) -> float:
        """CPU seconds per second since `earlier`, of a service or of one container of it."""
        return sum(
            (used.cpu_seconds - earlier.containers[service][name].cpu_seconds) / (used.at - earlier.containers[service][name].at)
            for name, used in self.containers.get(service, {}).items()
            if only in (None, name)
        )

    def machine_cores(self, earlier: "Snapshot") -> float:
        """The same of everything that runs on this machine."""
        return (self.machine_seconds - earlier.machine_seconds) / (self.at - earlier.at)

    def memory_bytes(self, service: str, only: str | None = None) -> float:
        """Memory now, of a service or of one container of it."""
        return sum(used.memory_bytes for name, used in self.containers.get(service, {}).items() if only in (None, name))


class Meter:
    """The containers of one stack on this machine."""

    def __init__(self, stack: Stack) -> None:
        """Raises Problem when the engine does not answer, is another machine's, or runs no such stack."""
        host = stack.config().get("dockerHost")
        if host and not host.startswith("unix:"):
            raise Problem("Capacity is measured on the machine that runs the stack.", f"It runs at {host}.", "run it there")
        filters = {"label": f"stk.stack={stack.label}"}
        found = Inventory(host).client.containers.list(filters=filters, ignore_removed=True)
        self._containers: dict[str, list[Any]] = {}
        for container in sorted(found, key=lambda container: str(container.name)):
            self._containers.setdefault(container.labels[SERVICE], []).append(container)
        if missing := [service for service in ("redis", "api", "ws", "edge") if service not in self._containers]:
            raise Problem(f"Stack {stack.name} is not whole: no {', '.join(missing)} runs.", "", "make up")

    def names(self, service: str) -> list[str]:
        """Containers of a service."""
        return [container.name for container in self._containers[service]]

    def address(self, service: str, name: str) -> str:
        """An IP address of a container, as this machine reaches it."""
        for container in self._containers[service]:
            if container.name == name:
                networks = container.attrs["NetworkSettings"]["Networks"].values()
                return str(next(network["IPAddress"] for network in networks if network["IPAddress"]))
        raise KeyError(name)

    def snapshot(self) -> Snapshot:
        """Read every container once.

        Raises:
            Problem: one of them went away.
        """
        try:
            stats = self._stats_of_all()
        except (DockerException, KeyError) as error:
            raise Problem("A container went away while it was measured.", str(error), "make status") from error
        read = {service: {one.name: stats[one.name] for one in found} for service, found in self._containers.items()}
        return Snapshot(read, _machine_seconds(), time.time())

    def _stats_of_all(self) -> dict[str, Used]:
        """All at the same time: some engines take a second for each answer."""
        containers = [container for found in self._containers.values() for container in found]
        with ThreadPoolExecutor(len(containers)) as pool:
            found = pool.map(lambda container: used(_stats(container)), containers)
            return {container.name: one for container, one in zip(containers, found, strict=True)}

    def executed(self) -> dict[str, int]:
        """Commands Redis has executed since it started.

        Raises:
            Problem: Redis did not answer.
        """
        return executed(self._ask_redis("INFO commandstats", ASK_SECONDS, _ALL))

    def traffic(self, seconds: int) -> Traffic:
        """Watch Redis for some seconds, twice over; by container name, or by address where it is none of this stack's.

        Raises:
            Problem: Redis did not answer.
        """
        before, began = sum(self.executed().values()), time.monotonic()
        try:
            found = traffic(self._ask_redis("MONITOR", seconds, _WHO))
        except ValueError as error:
            raise Problem("Redis does not say which commands it gets.", str(error), "python -m ops logs redis") from error
        counted = (sum(self.executed().values()) - before) / (time.monotonic() - began)
        names = {address: name for name, addresses in self._addresses().items() for address in addresses}
        sent: dict[str, float] = {}
        for address, rate in found.sent.items():
            name = names.get(address, address)
            sent[name] = sent.get(name, 0.0) + rate
        return Traffic(sent, found.inside_scripts, counted)

    def _addresses(self) -> dict[str, list[str]]:
        return {
            container.name: [network["IPAddress"] for network in container.attrs["NetworkSettings"]["Networks"].values()]
            for containers in self._containers.values()
            for container in containers
        }

    def _ask_redis(self, command: str, seconds: int, shown: str) -> str:
        words = ["bash", "-c", _ASK, "ask", command, str(seconds), shown]
        code, output = self._containers["redis"][0].exec_run(words)
        text = output.decode(errors="replace")
        if code or not text.strip():
            raise Problem("Redis does not answer inside its container.", text.strip()[-200:], "python -m ops logs redis")
        return str(text)


def used(stats: Mapping[str, Any]) -> Used:
    """From an answer of the engine's `stats`, of cgroup v1 or v2.

    Raises:
        KeyError: the container does not run.
    """
    memory = stats["memory_stats"]
    idle = next((memory["stats"][name] for name in INACTIVE if name in memory["stats"]), 0)
    read_at = datetime.fromisoformat(stats["read"]).timestamp()
    return Used(stats["cpu_stats"]["cpu_usage"]["total_usage"] / NANO, memory["usage"] - idle, read_at)


def _stats(container: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = container.client.api.stats(container.id, stream=False, one_shot=True)
    return found


def _machine_seconds() -> float:
    """Busy CPU seconds of all cores since the machine started (Linux)."""
    with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123 - a line of the kernel
        fields = [float(part) for part in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / 100
