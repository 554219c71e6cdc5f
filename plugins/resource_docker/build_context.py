"""An image's build context: the digest that tells whether it changed, and the archive that Docker gets.

The digest is computed as the official provider does (names, modes and bytes of every file that is not ignored), so that
a stack can change hands without a rebuild.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from . import dockerignore

DOCKERFILE = "Dockerfile"
_IN_MEMORY_BYTES = 32 * 1024 * 1024
_TYPE_LETTERS = {stat.S_IFLNK: "L", stat.S_IFSOCK: "S", stat.S_IFIFO: "p", stat.S_IFBLK: "D", stat.S_IFCHR: "Dc"}


def digest(context: str, dockerfile: str) -> str:
    """Hex SHA-256 over the Dockerfile and every file that counts; OSError where something cannot be read."""
    total = hashlib.sha256()
    _add(total, dockerfile, DOCKERFILE, "----------", _file_hash(dockerfile))
    patterns = dockerignore.read_patterns(dockerignore.ignore_file(context, dockerfile))
    for path, entry in dockerignore.walk(context, patterns):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            continue
        where = os.path.join(context, path)  # noqa: PTH118 a symbolic link's target is hashed in this form
        if stat.S_ISLNK(mode):
            content = hashlib.sha256(evaluated_link(where).encode()).digest()
        elif stat.S_ISREG(mode):
            content = _file_hash(where)
        else:
            content = hashlib.sha256().digest()
        _add(total, where, path, mode_text(mode), content)
    return total.hexdigest()


def _add(total: hashlib._Hash, _where: str, name: str, mode: str, content: bytes) -> None:
    total.update(name.encode() + mode.encode() + content + b"\0")


def _file_hash(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").digest()


def mode_text(mode: int) -> str:
    """A file's mode as Go prints it: `-rw-r--r--`, `Lrwxrwxrwx`, `urwxr-xr-x`."""
    letters = _TYPE_LETTERS.get(stat.S_IFMT(mode), "")
    letters += ("u" if mode & stat.S_ISUID else "") + ("g" if mode & stat.S_ISGID else "")
    letters += "t" if mode & stat.S_ISVTX else ""
    return (letters or "-") + "".join(letter if mode & (1 << (8 - i)) else "-" for i, letter in enumerate("rwxrwxrwx"))


def evaluated_link(path: str) -> str:
    """The path a symbolic link leads to; relative where the link and all links on its way are. OSError where it leads nowhere."""
    os.stat(path)  # noqa: PTH116 raises for a link that leads nowhere
    done, todo = ("/" if path.startswith("/") else ""), path
    for _ in range(255):
        head, _, todo = todo.lstrip("/").partition("/")
        step = os.path.join(done, head)  # noqa: PTH118
        if os.path.islink(step):  # noqa: PTH114
            target = os.readlink(step)  # noqa: PTH115
            done = "/" if target.startswith("/") else done
            todo = f"{target}/{todo}" if todo else target
        else:
            done = os.path.normpath(step)
        if not todo:
            break
    return os.path.normpath(done)


def archive(context: str, dockerfile: str) -> tuple[IO[bytes], str]:
    """The context as a tar file, and the Dockerfile's name in it.

    GNU format: a PAX header would be taken for the Dockerfile by Docker 20.10. All files belong to root.
    """
    patterns = dockerignore.read_patterns(dockerignore.ignore_file(context, dockerfile))
    name = os.path.relpath(dockerfile, context).replace(os.sep, "/")
    outside = name.startswith("../")
    buffer: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 the caller closes it
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        added = set()
        for path, entry in dockerignore.walk(context, patterns):
            if not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                tar.add(entry.path, arcname=path, recursive=False, filter=_owned_by_root)
                added.add(path)
        if outside:
            name = f".dockerfile.{secrets.token_hex(10)}"
            _add_bytes(tar, name, Path(dockerfile).read_bytes())
        elif name not in added:
            # Ignored, but Docker needs it.
            tar.add(dockerfile, arcname=name, recursive=False, filter=_owned_by_root)
    buffer.seek(0)
    return buffer, name


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
