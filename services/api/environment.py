"""How the environment is read: numbered names become lists, a secret is a file, and every wrong value is reported at once.

Which values there are is decided in database_settings.py and settings.py; what they mean, by their users.
"""

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class SettingsError(Exception):
    """The environment cannot be used; the text lists every wrong value."""


class NumberedNames(PydanticBaseSettingsSource):
    """`Cors__AllowedOrigins__0..N` become one list, `Serilog__MinimumLevel__Override__X` one table."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        origins = {n: v for n, v in os.environ.items() if n.lower().startswith("cors__allowedorigins__")}
        if origins and not os.environ.get("ALLOWED_ORIGINS"):
            found["allowed_origins"] = [origins[name] for name in sorted(origins)]
        prefix = "serilog__minimumlevel__override__"
        levels = {n[len(prefix) :]: v for n, v in os.environ.items() if n.lower().startswith(prefix)}
        if levels:
            found["log_level_overrides"] = levels
        return found


def read_secret(path: Path) -> str:
    """Content of a secret file without the newline an editor adds.

    Raises:
        ValueError: the file is missing, unreadable or empty.
    """
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text


S = TypeVar("S", bound=BaseSettings)


def load_settings(kind: type[S]) -> S:
    """Read the environment.

    Raises:
        SettingsError: one text with a line for every wrong value.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """One line a wrong value: name, got, expected. Connection strings are never quoted: they hold passwords."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        shown = name.upper() if name.islower() else name
        text = problem["msg"].removeprefix("Value error, ")
        if not name:
            lines.append(text)
        elif "connectionstrings" in name.lower():
            lines.append(f"{shown}: {text}")
        else:
            lines.append(f"{shown}: got {str(problem['input'])[:80]!r}, {text[0].lower()}{text[1:]}")
    return "the environment is wrong:\n  " + "\n  ".join(dict.fromkeys(lines))
