"""What only the platform's own containers know of a load: read before and after a stage, by the process that leads.

For a stack on this machine's Docker engine; elsewhere the promises that need it are not measured, and the reason is kept.
"""

import time
from dataclasses import dataclass, field

from loadtests import api_counters
from loadtests.api_counters import ApiCounters
from loadtests.cold import ColdError, make_cold, most_calls, sequences
from loadtests.profiles import Stage
from ops.access import Access
from ops.containers import ContainersError, StackEngine


@dataclass(frozen=True)
class Counted:
    """Value and samples by promise; `why_not` says why there is none."""

    values: dict[str, tuple[float, int]] = field(default_factory=dict)
    why_not: str = ""


class Inside:
    """One stage after another: `begin`, `end`, `begin`..."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._why_not = ""
        self._counters: ApiCounters | None = None
        self._sequences: dict[str, int] = {}
        self._began = 0.0

    def begin(self, stage: Stage) -> None:
        """Make the API cold for a cold stage, and read what will be compared."""
        self._why_not = ""
        try:
            if stage.user == "cold":
                with self._engine() as engine:
                    make_cold(engine)
                    self._sequences = sequences(engine)
            elif stage.name == "cache":
                with self._engine() as engine:
                    self._counters = api_counters.read(engine)
        except (ContainersError, ColdError) as error:
            self._why_not = str(error)
        self._began = time.monotonic()

    def end(self, stage: Stage) -> Counted:
        """What the stage changed."""
        if self._why_not:
            return Counted(why_not=self._why_not)
        try:
            if stage.user == "cold":
                return self._stampede()
            return self._hits() if stage.name == "cache" else Counted()
        except (ContainersError, ColdError) as error:
            return Counted(why_not=str(error))

    def _stampede(self) -> Counted:
        with self._engine() as engine:
            after, seconds = sequences(engine), time.monotonic() - self._began
        calls = sum(after.values()) - sum(self._sequences.values())
        return Counted({"cache_stampede": (most_calls(self._sequences, after, seconds), calls)})

    def _hits(self) -> Counted:
        assert self._counters is not None
        with self._engine() as engine:
            after = api_counters.read(engine)
        percent = after.hit_percent(self._counters)
        if percent is None:
            return Counted(why_not="the API counted no request")
        return Counted({"cache_hits": (percent, int(after.requests - self._counters.requests))})

    def _engine(self) -> StackEngine:
        return StackEngine(self._access.base_url, self._access.stack)
