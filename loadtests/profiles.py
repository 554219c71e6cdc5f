"""What a named run does: a row of stages, each one kind of user in one load shape of objectives.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.contract.objectives import Load

UserKind = Literal["caller", "cold", "viewer", "publisher"]
DEFAULT = "promises"
SHORT_HOLD_SECONDS = 10.0
SHORT_USERS_PER_SECOND = 200.0


class ProfileError(ValueError):
    """There is no such profile, or it cannot be made lighter as asked."""


@dataclass(frozen=True)
class Stage:
    """`promised` is what objectives.toml says, `load` what is run; they differ in a lighter run."""

    name: str
    user: UserKind
    promised: Load
    load: Load

    @property
    def is_lighter(self) -> bool:
        """Fewer users or less time than promised: the figures are real, but they keep no promise."""
        return self.load.users < self.promised.users or self.load.hold_seconds < self.promised.hold_seconds


STAGES: Mapping[str, tuple[tuple[str, UserKind], ...]] = {
    "promises": (("api100", "caller"), ("ws1000", "viewer")),
    "short": (("api100", "caller"), ("ws1000", "viewer")),
    "api100": (("api100", "caller"),),
    "api100cold": (("api100", "cold"),),
    "cache": (("cache", "caller"), ("cache", "cold")),
    "pubsub": (("pubsub", "publisher"),),
    "ws1000": (("ws1000", "viewer"),),
    "ws5000": (("ws5000", "viewer"),),
    "fanout": (("fanout", "viewer"),),
    "spike": (("spike", "viewer"),),
    "soak": (("soak", "viewer"),),
}


def stages(profile: str, loads: Mapping[str, Load], users: int | None = None, hold_seconds: float | None = None) -> list[Stage]:
    """The stages of a profile; `users` and `hold_seconds` make it lighter or heavier.

    Raises:
        ProfileError: no such profile, or a number that is not positive.
    """
    if profile not in STAGES:
        raise ProfileError(f"no profile {profile!r}. There are: {', '.join(sorted(STAGES))}")
    if (users is not None and users < 1) or (hold_seconds is not None and hold_seconds <= 0):
        raise ProfileError("users and hold must be above 0")
    changes: dict[str, float] = {}
    if profile == "short":
        changes |= {"hold_seconds": SHORT_HOLD_SECONDS, "users_per_second": SHORT_USERS_PER_SECOND}
    changes |= {} if users is None else {"users": users}
    changes |= {} if hold_seconds is None else {"hold_seconds": hold_seconds}
    return [Stage(name, user, loads[name], loads[name].model_copy(update=changes)) for name, user in STAGES[profile]]


def watched(every: Sequence[str], each: int, number: int) -> tuple[str, ...]:
    """The symbols of viewer `number`: `each` of them, from one further than the viewer before; all, where there are fewer."""
    return tuple(every[(number + step) % len(every)] for step in range(min(each, len(every))))
