"""Leads a run through its stages: ramp up, let settle, hold with the window open, wait for what is under way, clear.

Knows no Locust: it is asked once a second what should be, and tells its orchestra when a stage begins and a window opens.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from loadtests.profiles import Stage, UserKind

SETTLE_SECONDS = 3.0
RAMP_PATIENCE_SECONDS = 60.0
CLEAR_PATIENCE_SECONDS = 30.0


class Orchestra(Protocol):
    """What the conductor leads: the meters of all processes."""

    @property
    def is_seated(self) -> bool:
        """Whether every process is set up; none may get users before. Asked until it is, before the first stage."""

    def begin(self, stage: Stage) -> None:
        """Forget, and get ready for this stage's users."""

    def open_window(self) -> None:
        """Everybody is there."""

    def close_window(self) -> None:
        """Time is over."""

    def collect(self, stage: Stage, seconds: float) -> None:
        """Keep what was measured."""


class _Phase(StrEnum):
    RAMP = "ramp"
    SETTLE = "settle"
    HOLD = "hold"
    LINGER = "linger"
    CLEAR = "clear"


class Conductor:
    """`tick` returns (users, users per second, kind), or None at the end."""

    def __init__(self, stages: Sequence[Stage], orchestra: Orchestra, linger_seconds: float, clock: Callable[[], float]) -> None:
        self._stages = list(stages)
        self._orchestra = orchestra
        self._linger_seconds = linger_seconds
        self._clock = clock
        self._phase: _Phase | None = None
        self._since = 0.0
        self._held_seconds = 0.0

    @property
    def is_done(self) -> bool:
        """Whether every stage went to its end."""
        return not self._stages

    def tick(self, user_count: int) -> tuple[int, float, UserKind] | None:
        """What should be now, given how many users there are."""
        if not self._stages:
            return None
        stage = self._stages[0]
        if self._phase is None:
            if not self._orchestra.is_seated:
                return 0, stage.load.users_per_second, stage.user
            self._orchestra.begin(stage)
            self._enter(_Phase.RAMP)
        elif self._is_over(stage, user_count):
            self._leave(stage)
        if not self._stages:
            return None
        stage = self._stages[0]
        users = 0 if self._phase is _Phase.CLEAR else stage.load.users
        return users, stage.load.users_per_second, stage.user

    def _is_over(self, stage: Stage, user_count: int) -> bool:
        waited = self._clock() - self._since
        match self._phase:
            case _Phase.RAMP:
                patience = stage.load.users / stage.load.users_per_second + RAMP_PATIENCE_SECONDS
                return user_count >= stage.load.users or waited > patience
            case _Phase.SETTLE:
                return waited >= SETTLE_SECONDS
            case _Phase.HOLD:
                return waited >= stage.load.hold_seconds
            case _Phase.LINGER:
                return waited >= self._linger_seconds
        return user_count == 0 or waited > CLEAR_PATIENCE_SECONDS

    def _leave(self, stage: Stage) -> None:
        match self._phase:
            case _Phase.RAMP:
                self._enter(_Phase.SETTLE)
            case _Phase.SETTLE:
                self._orchestra.open_window()
                self._enter(_Phase.HOLD)
            case _Phase.HOLD:
                self._orchestra.close_window()
                self._held_seconds = self._clock() - self._since
                self._enter(_Phase.LINGER)
            case _Phase.LINGER:
                self._orchestra.collect(stage, self._held_seconds)
                self._enter(_Phase.CLEAR)
            case _:
                self._stages.pop(0)
                self._phase = None
                if self._stages:
                    self._orchestra.begin(self._stages[0])
                    self._enter(_Phase.RAMP)

    def _enter(self, phase: _Phase) -> None:
        self._phase, self._since = phase, self._clock()
