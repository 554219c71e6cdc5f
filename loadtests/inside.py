"""What only the platform's own containers know of a load: read before and after a stage, by the process that leads.

For a stack on this machine's Docker engine; elsewhere the promises that need it are not measured, and the reason is kept.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from loadtests.api_counters import hit_percent, requests_answered
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
    """One stage after another: `begin`, `end`, `begin`... `asked`: symbols that callers ask for again and again."""

    def __init__(self, access: Access, asked: Collection[str]) -> None:
        self._access = access
        self._asked = asked
        self._why_not = ""
        self._requests = 0
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
                    self._requests, self._sequences = requests_answered(engine), sequences(engine)
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
        with self._engine() as engine:
            requests, after = requests_answered(engine) - self._requests, sequences(engine)
        percent = hit_percent(requests, self._asked, self._sequences, after)
        return Counted(why_not="the API counted no request") if percent is None else Counted({"cache_hits": (percent, requests)})

    def _engine(self) -> StackEngine:
        return StackEngine(self._access.base_url, self._access.stack)
