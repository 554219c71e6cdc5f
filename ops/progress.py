"""Follows an update by Pulumi's event log and says one line for each thing that was done; on a terminal also what is going on."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.status import Status

WORDS = {
    "create": "made",
    "create-replacement": "new one made",
    "delete-replaced": "old one removed",
    "delete": "removed",
    "update": "updated",
    "discard": "forgotten",
}
SHOWN = {"Image": "image", "Container": "container", "Volume": "volume"}
SMALL_SECONDS = 0.05


def read_events(file: Path, ended: Callable[[], bool], pause_seconds: float = 0.1) -> Iterator[dict[str, Any]]:
    """Events as they are appended, until the run has ended and everything is read."""
    while not file.exists() and not ended():
        time.sleep(pause_seconds)
    if not file.exists():
        return
    with file.open(encoding="utf-8") as stream:
        yield from _follow(stream, ended, pause_seconds)


def _follow(stream: TextIO, ended: Callable[[], bool], pause_seconds: float) -> Iterator[dict[str, Any]]:
    kept = ""
    while True:
        last_time = ended()
        while chunk := stream.readline():
            kept += chunk
            if kept.endswith("\n"):
                yield json.loads(kept)
                kept = ""
        if last_time:
            return
        time.sleep(pause_seconds)


class Progress:
    """What the reader sees of one update."""

    def __init__(self, console: Console, prefix: str) -> None:
        self.console, self.prefix = console, prefix
        self.began: dict[tuple[str, str], float] = {}
        self.errors: list[str] = []
        self.changes: dict[str, int] = {}
        self._status: Status | None = None

    def show(self, events: Iterator[dict[str, Any]]) -> None:
        """Print until the events end."""
        live = self.console.is_terminal
        self._status = self.console.status("starting") if live else None
        if self._status:
            self._status.start()
        try:
            for event in events:
                self.take(event)
        finally:
            if self._status:
                self._status.stop()

    def take(self, event: dict[str, Any]) -> None:
        """One event of the log."""
        if "resourcePreEvent" in event:
            self.began[self._key(event["resourcePreEvent"])] = time.monotonic()
        elif "resOutputsEvent" in event:
            self._done(event["resOutputsEvent"])
        elif "resOpFailedEvent" in event:
            self.began.pop(self._key(event["resOpFailedEvent"]), None)
        elif "diagnosticEvent" in event and event["diagnosticEvent"].get("severity") == "error":
            self.errors.append(_plain(event["diagnosticEvent"]["message"]))
        elif "summaryEvent" in event:
            self.changes = event["summaryEvent"].get("resourceChanges") or {}
        if self._status:
            self._status.update(self._going_on())

    def _done(self, event: dict[str, Any]) -> None:
        kind, name, operation = self._read(event["metadata"])
        began = self.began.pop((event["metadata"]["urn"], operation), None)
        if kind in SHOWN and operation in WORDS:
            took = time.monotonic() - began if began else 0
            seconds = f"{took:6.1f} s" if took > SMALL_SECONDS else ""
            what = "built" if kind == "Image" and operation != "delete" else WORDS[operation]
            self.console.print(f"✓ {SHOWN[kind]:<10}{name:<18}{what:<40}{seconds}", highlight=False)

    def _key(self, event: dict[str, Any]) -> tuple[str, str]:
        return event["metadata"]["urn"], event["metadata"]["op"]

    def _read(self, metadata: dict[str, Any]) -> tuple[str, str, str]:
        name = metadata["urn"].rpartition("::")[2].removeprefix(f"{self.prefix}-")
        return metadata["type"].rpartition(":")[2], name, metadata["op"]

    def _going_on(self) -> str:
        names = [urn.rpartition("::")[2].removeprefix(f"{self.prefix}-") for urn, op in self.began if op in WORDS]
        return f"working on {', '.join(names[:4])}{', …' if len(names) > 4 else ''}" if names else "…"


def _plain(message: str) -> str:
    """Without Pulumi's colour marks (`<{%reset%}>`)."""
    parts = message.split("<{%")
    return (parts[0] + "".join(part.partition("%}>")[2] for part in parts[1:])).strip()


def console() -> Console:
    """Where people read: no colours, no animation where it is no terminal."""
    return Console(highlight=False, soft_wrap=True, file=sys.stdout)
