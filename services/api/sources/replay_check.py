"""`python -m services.api.sources.replay_check FILE|FOLDER [DAY]`: says what a recorded day holds, or what is wrong with it
(exit 1)."""

import sys
from datetime import date
from pathlib import Path

from services.api.sources import SourceError
from services.api.sources.day_file import find_day, read_day


def main(arguments: list[str]) -> int:
    """Check one file, or the file of a day in a folder."""
    if not 1 <= len(arguments) <= 2:
        print("usage: python -m services.api.sources.replay_check FILE | FOLDER YYYY-MM-DD", file=sys.stderr)
        return 2
    try:
        path = Path(arguments[0])
        expected = date.fromisoformat(arguments[1]) if len(arguments) == 2 else None
        if expected is not None:
            path = find_day(path, expected)
        day = read_day(path, expected)
    except (SourceError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    with_base = len(day.previous_closes.keys() & day.symbols)
    print(
        f"{path}: {day.day}, {len(day.symbols)} symbols, {len(day.bars)} bars of {int(day.bar_length.total_seconds())} s, "
        f"{with_base} with a previous close"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
