"""A file that a container gets before its start: its content, wherever the program has it, as a tar archive of one."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path
from typing import Any

from .container_fields import decoded_base64
from .errors import DockerError

CONTENTS = ("content", "contentBase64", "source")


def archive(upload: dict[str, Any]) -> bytes:
    """DockerError where an entry has no content, or two, or one that cannot be read."""
    content = _content(upload)
    member = tarfile.TarInfo(upload["file"].lstrip("/"))
    member.size, member.mtime, member.mode = len(content), int(time.time()), _mode(upload)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _content(upload: dict[str, Any]) -> bytes:
    given = [key for key in CONTENTS if upload[key]]
    if len(given) != 1:
        raise DockerError(f"uploads: {upload['file']} needs exactly one of {', '.join(CONTENTS)}, got {given or 'none'}")
    if upload["content"]:
        return str(upload["content"]).encode()
    if upload["contentBase64"]:
        return decoded_base64(upload["contentBase64"])
    try:
        return Path(upload["source"]).read_bytes()
    except OSError as error:
        raise DockerError(f"uploads: {upload['file']}: cannot read {upload['source']}: {error.strerror}") from None


def _mode(upload: dict[str, Any]) -> int:
    if upload["permissions"]:
        return int(upload["permissions"], 8)
    return 0o744 if upload["executable"] else 0o644
