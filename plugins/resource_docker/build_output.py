"""What Docker says while it builds or pushes: lines for people, the id of the image, and the error if there is one.

BuildKit wraps its progress in protobuf messages (StatusResponse of its control API); the few fields that are shown are
read here, without its whole schema.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

from .errors import DockerError

KEPT_LINES = 15
_VERTEXES, _LOGS, _WARNINGS = 1, 3, 4
_VERTEX_DIGEST, _VERTEX_NAME, _VERTEX_CACHED, _VERTEX_ERROR = 1, 3, 4, 7
_LOG_TEXT = 4
_WARNING_TEXT = 3


class BuildOutput:
    """Collects one build's or push's messages."""

    def __init__(self) -> None:
        self.image_id = ""
        self.pushed_digest = ""
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._announced: set[str] = set()

    def lines(self, message: dict[str, Any]) -> list[str]:
        """The lines to show for one message; DockerError if it tells of a failure."""
        if message.get("error") or message.get("errorDetail"):
            reason = str(message.get("error") or message["errorDetail"].get("message"))
            context = "\n".join(self._last)
            raise DockerError(f"{reason}\n{context}" if context else reason)
        lines = [line for line in self._texts(message) if line.strip()]
        self._last.extend(lines)
        return lines

    def _texts(self, message: dict[str, Any]) -> list[str]:
        aux = message.get("aux")
        if message.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
            return list(self._trace(base64.b64decode(aux)))
        if isinstance(aux, dict):
            self.image_id = aux.get("ID") or self.image_id
            self.pushed_digest = aux.get("Digest") or self.pushed_digest
        if message.get("stream"):
            return str(message["stream"]).splitlines()
        status = str(message.get("status", ""))
        progress = str(message.get("progress", ""))
        return [" ".join(part for part in (message.get("id", ""), status, progress) if part)] if status else []

    def _trace(self, raw: bytes) -> Iterator[str]:
        for number, value in fields(raw):
            if number == _VERTEXES and isinstance(value, bytes):
                yield from self._step(value)
            elif number == _LOGS and isinstance(value, bytes):
                text = dict(fields(value)).get(_LOG_TEXT, b"")
                yield from _decoded(text).splitlines()
            elif number == _WARNINGS and isinstance(value, bytes):
                yield "warning: " + _decoded(dict(fields(value)).get(_WARNING_TEXT, b""))

    def _step(self, raw: bytes) -> Iterator[str]:
        step = dict(fields(raw))
        key = _decoded(step.get(_VERTEX_DIGEST, b""))
        if key not in self._announced:
            self._announced.add(key)
            yield _decoded(step.get(_VERTEX_NAME, b"")) + (" (cached)" if step.get(_VERTEX_CACHED) else "")
        if step.get(_VERTEX_ERROR):
            yield "error: " + _decoded(step[_VERTEX_ERROR])


def shown(messages: Generator[dict[str, Any], None, None], show: Callable[[str], None], failure: str) -> BuildOutput:
    """Pass Docker's messages on line by line; DockerError, beginning with `failure`, where they tell of one."""
    output = BuildOutput()
    with closing(messages):
        try:
            for message in messages:
                for line in output.lines(message):
                    show(line)
        except DockerError as error:
            raise DockerError(f"{failure}: {error}", error.status) from None
    return output


def _decoded(value: bytes | int) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def fields(raw: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The top-level fields of a protobuf message: number and bytes, or number and integer."""
    position = 0
    while position < len(raw):
        tag, position = _varint(raw, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, position = _varint(raw, position)
            yield number, value
        elif wire_type == 2:
            size, position = _varint(raw, position)
            yield number, raw[position : position + size]
            position += size
        elif wire_type in (1, 5):
            position += 8 if wire_type == 1 else 4
        else:
            return


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(raw):
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, position
