"""Reads what Redis says of the commands it gets: how many, from whom, and how many of them inside scripts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


def executed(commandstats: str) -> dict[str, int]:
    """Calls by command from `INFO commandstats`; those inside scripts are counted too."""
    lines = (line.strip().partition(":") for line in commandstats.splitlines() if line.startswith("cmdstat_"))
    return {name.removeprefix("cmdstat_"): int(rest.partition("calls=")[2].partition(",")[0]) for name, _, rest in lines}


@dataclass(frozen=True)
class Traffic:
    """Commands a second, by the address of the client that sent them, and those that scripts ran inside Redis."""

    sent: Mapping[str, float]
    inside_scripts: float
    counted: float = 0.0
    """All of them by Redis' own counters over the same seconds, as a second opinion."""

    @property
    def all_sent(self) -> float:
        """What all clients sent; a script counts as one."""
        return sum(self.sent.values())


def traffic(monitored: str) -> Traffic:
    """From lines `SECONDS [DATABASE ADDRESS:PORT]` or `SECONDS [DATABASE lua]`, as MONITOR begins them.

    Raises:
        ValueError: too few lines to make a rate of.
    """
    found = [line.rstrip("]").split(" ") for line in monitored.splitlines() if line.endswith("]")]
    seconds = float(found[-1][0]) - float(found[0][0]) if len(found) > 1 else 0.0
    if seconds <= 0:
        raise ValueError(f"MONITOR showed {len(found)} commands")
    counts = Counter(fields[-1].rpartition(":")[0] for fields in found)
    inside = counts.pop("", 0)
    return Traffic({address: count / seconds for address, count in counts.items()}, inside / seconds)
