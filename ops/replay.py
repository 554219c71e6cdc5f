"""`replay`: let a recorded trading day run through the stack. The day is checked before the stack's settings are touched."""

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from ops.stack import Stack
from tools.machine.problem import Problem

MARKET_DATA = "STOCK_TRACKER_MARKET_DATA"
DEFAULT_FOLDER = "../shared/market-data"


def market_data_folder(root: Path) -> Path:
    """The folder with recorded days: from the environment (relative to where the command was typed), else beside the project.

    Raises:
        Problem: it is not there.
    """
    named = os.environ.get(MARKET_DATA)
    folder = Path(named) if named else root / DEFAULT_FOLDER
    if not folder.is_dir():
        raise Problem(
            f"There is no folder {folder} with recorded days.",
            "A day is a file YYYY-MM-DD.csv or .csv.gz: timestamp,symbol,open,high,low,close,volume.",
            f"{MARKET_DATA}=FOLDER make replay DAY=YYYY-MM-DD SPEED=60",
        )
    return folder.resolve()


def check_speed(text: str) -> str:
    """A number from 1 to 1000, or `max`.

    Raises:
        Problem: something else.
    """
    if text != "max" and not (re.fullmatch(r"\d+(\.\d+)?", text) and 1 <= float(text) <= 1000):
        raise Problem(
            f"SPEED: got {text!r:.40}, expected a number from 1 to 1000, or max.", "", "make replay DAY=YYYY-MM-DD SPEED=60"
        )
    return text


def check_day(folder: Path, day: str, root: Path) -> str:
    """What the day's file holds, by the very reader that will play it.

    Raises:
        Problem: no such day, or a fault in its file; nothing was changed.
    """
    try:
        date.fromisoformat(day)
    except ValueError:
        raise Problem(f"DAY: got {day!r:.40}, expected YYYY-MM-DD.", "", "make replay DAY=2026-06-12 SPEED=60") from None
    command = [sys.executable, "-m", "services.api.sources.replay_check", str(folder), day]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["the check ended without a word"])[-1].removeprefix("error: ")
        raise Problem(
            f"{day} cannot be played: {said}", "Nothing was changed.", "correct the file, or choose another DAY or folder"
        )
    return done.stdout.strip()


def set_replay(stack: Stack, day: str, speed: str) -> str:
    """Check everything, then write it into the stack's settings; what the day holds.

    Raises:
        Problem: as the checks above.
    """
    folder, speed = market_data_folder(stack.root), check_speed(speed)
    holds = check_day(folder, day, stack.root)
    values = {"source": "replay", "replayDay": day, "replaySpeed": speed, "marketDataDir": str(folder)}
    stack.ask("config", "set-all", *(word for key, value in values.items() for word in ("--plaintext", f"{key}={value}")))
    return holds
