"""What is installed in a program's environment, as its own Python tells it.

Decides nothing; `inspect_environment.py` does the looking, inside that environment.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INSPECTOR = Path(__file__).with_name("inspect_environment.py")
INSPECTION_SECONDS = 60


class BrokenEnvironment(Exception):  # noqa: N818 - names what was found
    """The program's Python could not be started or asked."""


@dataclass(frozen=True)
class Distribution:
    """One installed distribution; `required` means that another one asks for it."""

    name: str
    version: str
    required: bool


@dataclass(frozen=True)
class Environment:
    """`plugins` holds the content of every installed pulumi-plugin.json."""

    executable: str
    python: str
    pip: str | None
    distributions: tuple[Distribution, ...]
    plugins: tuple[dict[str, Any], ...]


def inspect(python: str, program_directory: str) -> Environment:
    """Ask `python` what it has installed. Raises BrokenEnvironment."""
    try:
        answer = subprocess.run(
            [python, str(INSPECTOR)],
            cwd=program_directory, capture_output=True, text=True, check=True, timeout=INSPECTION_SECONDS,
        )  # fmt: skip
    except OSError as error:
        raise BrokenEnvironment(f"cannot start the program's Python {python}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BrokenEnvironment(f"{python} did not answer within {INSPECTION_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        raise BrokenEnvironment(f"{python} failed to list what it has installed:\n{error.stderr}") from error
    facts = json.loads(answer.stdout)
    return Environment(
        executable=facts["executable"],
        python=facts["python"],
        pip=facts["pip"],
        distributions=tuple(Distribution(**item) for item in facts["distributions"]),
        plugins=tuple(facts["plugins"]),
    )
