"""Running other programs: their output in hand, or line by line as progress."""

import os
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SHOWN_LINES = 15


class CommandFailed(Exception):  # noqa: N818 - names what happened
    """`output` holds the last lines the program wrote."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(command[:4])} … ended with exit code {code}:\n{output}")
        self.output = output
        self.code = code


def run(
    *command: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    given: str = "",
    timeout_seconds: float | None = None,
) -> str:
    """Standard output of a command; `given` is its standard input, `env` comes on top of our own environment.

    Raises CommandFailed, also where the program is missing or takes longer than `timeout_seconds`.
    """
    words = [str(word) for word in command]
    try:
        result = subprocess.run(
            words, env=_environment(env), cwd=cwd, input=given, timeout=timeout_seconds,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise CommandFailed(words, 127, str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(words, 124, f"no end after {timeout_seconds:.0f} s") from error
    if result.returncode:
        raise CommandFailed(words, result.returncode, _last_lines(result.stderr + result.stdout))
    return result.stdout


def follow(
    *command: str | Path,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a long command and hand over each line it writes (both streams) at once. Raises CommandFailed."""
    words, last = [str(word) for word in command], deque[str](maxlen=SHOWN_LINES)
    try:
        process = subprocess.Popen(
            words, env=_environment(env), cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise CommandFailed(words, 127, str(error)) from error
    with process:
        assert process.stdout
        for line in process.stdout:
            last.append(line.rstrip())
            on_line(line.rstrip())
    if process.returncode:
        raise CommandFailed(words, process.returncode, "\n".join(last))


def _environment(extra: Mapping[str, str] | None) -> dict[str, str] | None:
    return {**os.environ, **extra} if extra else None


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-SHOWN_LINES:])
