"""The promised numbers: reads `objectives.toml` into typed rows and says of a measured value whether it keeps a promise.

What measures a value, and what a broken promise leads to (exit code, alert, red line), is the reader's business.
`python -m services.contract.objectives` prints the page docs/objectives.md.
"""

import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

DEFAULT_PATH = Path(__file__).parents[2] / "objectives.toml"

Statistic = Literal["p50", "p95", "p99", "max", "count", "percent", "per_second", "verdict"]


class ObjectivesError(ValueError):
    """The file is not usable; the text names file, place, what was got and what was expected."""


class Verdict(StrEnum):
    """What a measurement says about a promise."""

    MET = "met"
    MISSED = "missed"
    INCONCLUSIVE = "inconclusive"
    """The meter cannot be trusted, so neither kept nor broken."""
    NOT_MEASURED = "not measured"
    """Counts as broken: a promise without a measurement is red, not absent."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Load(_Row):
    """A load shape: how many users, how fast they come, how long they stay, what each of them watches."""

    summary: str
    users: Annotated[int, Field(ge=1)]
    users_per_second: Annotated[float, Field(gt=0, strict=False)]
    hold_seconds: Annotated[float, Field(ge=0, strict=False)]
    symbols_per_user: Annotated[int, Field(ge=1)] | None = None
    updates_per_symbol_per_second: Annotated[float, Field(gt=0, strict=False)] | None = None
    repetitions: Annotated[int, Field(ge=1)] = 1


class Objective(_Row):
    """One promise; see the head of objectives.toml for the meaning of each field."""

    id: Annotated[str, Field(pattern=r"[a-z][a-z0-9_]*")]
    seed: Annotated[str, Field(pattern=r"S\d{3}")]
    promise: str
    metric: str
    statistic: Statistic
    unit: str
    limit: Annotated[float, Field(strict=False, allow_inf_nan=False)]
    goal: Annotated[float, Field(strict=False, allow_inf_nan=False)]
    better: Literal["lower", "higher"]
    load: str | None = None
    measured_by: Literal["smoke", "load", "page"]
    measured_at: str

    @model_validator(mode="after")
    def _goal_is_not_laxer(self) -> Self:
        laxer = self.goal > self.limit if self.better == "lower" else self.goal < self.limit
        if laxer:
            raise ValueError(f"goal {self.goal:g} is laxer than limit {self.limit:g}; it must be as hard or harder")
        return self

    def keeps(self, measured: float, bound: float | None = None) -> bool:
        """Whether `measured` (in `unit`) is within `bound`, by default the owner's limit. A time must be below it."""
        bound = self.limit if bound is None else bound
        if self.better == "higher":
            return measured >= bound
        return measured < bound if self.unit == "ms" else measured <= bound

    def judge(self, measured: float | None) -> Verdict:
        """`NOT_MEASURED` for None, else met or missed by the owner's limit."""
        if measured is None:
            return Verdict.NOT_MEASURED
        return Verdict.MET if self.keeps(measured) else Verdict.MISSED

    def target(self) -> str:
        """The limit for a reader: `p99 < 100 ms`, `no sockets`, `>= 95 %`."""
        if self.statistic == "verdict":
            return "holds"
        if self.unit == "ms":
            return f"{self.statistic} < {self.limit:g} ms"
        if self.better == "lower" and self.limit == 0:
            return f"no {self.unit}"
        return f"{'<=' if self.better == 'lower' else '>='} {self.limit:g} {self.unit}"


class Objectives(_Row):
    """All rows by id and all load shapes by name."""

    load: dict[str, Load]
    objective: list[Objective]

    @model_validator(mode="after")
    def _names_are_known_and_unique(self) -> Self:
        seen: set[str] = set()
        for row in self.objective:
            if row.id in seen:
                raise ValueError(f"objective {row.id!r} appears twice")
            seen.add(row.id)
            if row.load is not None and row.load not in self.load:
                raise ValueError(f"objective {row.id!r} names load {row.load!r}, known are {', '.join(sorted(self.load))}")
        return self

    def __getitem__(self, identifier: str) -> Objective:
        for row in self.objective:
            if row.id == identifier:
                return row
        raise KeyError(f"no objective {identifier!r} in objectives.toml")


def load_objectives(path: Path = DEFAULT_PATH) -> Objectives:
    """Read the promises.

    Raises:
        ObjectivesError: file missing, not TOML, or a row is wrong; every wrong place is named in the one text.
    """
    try:
        return Objectives.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ObjectivesError(f"cannot read {path}: {error.strerror}. Restore it with: git checkout {path.name}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ObjectivesError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        places = "; ".join(_place(detail["loc"], detail["msg"], detail["input"]) for detail in error.errors())
        raise ObjectivesError(f"{path} is wrong: {places}") from error


def _place(location: tuple[int | str, ...], message: str, got: object) -> str:
    where = ".".join(str(part) for part in location) or "file"
    shown = "" if isinstance(got, dict) else f", got {got!r:.60}"
    return f"{where}: {message.removeprefix('Value error, ')}{shown}"


def as_page(objectives: Objectives) -> str:
    """The promises and their loads as Markdown."""
    lines = [
        "# What the platform promises",
        "",
        "Made from `objectives.toml` by `python -m services.contract.objectives`; a test keeps both alike. The limit is the",
        "owner's number and decides; the goal is our own, harder one and is shown. `make proof` measures them all.",
        "",
        "| seed | promise | measured value | limit | our goal | load | measured by | measured at |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.seed} | {row.promise} (`{row.id}`) | {row.metric}, {row.statistic} | {row.target()} | {_goal(row)} | "
        f"{row.load or '-'} | {row.measured_by} | {row.measured_at} |"
        for row in objectives.objective
    ]
    lines += ["", "## Loads", "", "| load | users | arriving per second | held | what they do |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {load.users} | {load.users_per_second:g} | {load.hold_seconds:g} s | {load.summary} |"
        for name, load in objectives.load.items()
    ]
    return "\n".join(lines) + "\n"


def _goal(row: Objective) -> str:
    return "-" if row.statistic == "verdict" else f"{row.goal:g} {row.unit}"


if __name__ == "__main__":
    try:
        print(as_page(load_objectives()), end="")
    except ObjectivesError as wrong:
        sys.exit(f"objectives: {wrong}")
