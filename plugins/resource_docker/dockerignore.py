"""Which files of a build context count: `.dockerignore` as Docker reads it, and the walk through what is left."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pattern:
    text: str
    keeps: bool
    """The line began with `!`: files that match are kept though an earlier line left them out."""
    expression: re.Pattern[str]


def ignore_file(context: str, dockerfile: str) -> Path | None:
    """The ignore file that counts: `<Dockerfile>.dockerignore` before the context's `.dockerignore`."""
    for candidate in (Path(f"{dockerfile}.dockerignore"), Path(context) / ".dockerignore"):
        if candidate.is_file():
            return candidate
    return None


def read_patterns(path: Path | None) -> list[Pattern]:
    return parse(path.read_text(encoding="utf-8-sig")) if path else []


def parse(text: str) -> list[Pattern]:
    """The lines of an ignore file; ValueError for one that is no pattern."""
    patterns = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        keeps = pattern.startswith("!")
        pattern = pattern[1:].strip() if keeps else pattern
        if keeps and not pattern:
            raise ValueError("illegal exclusion pattern: '!'")
        cleaned = posixpath.normpath(pattern).lstrip("/")
        if cleaned not in ("", "."):
            patterns.append(Pattern(cleaned, keeps, _expression(cleaned)))
    return patterns


_TOKEN = re.compile(r"(?P<deep>\*\*/?)|(?P<any>\*)|(?P<one>\?)|(?P<class>\[.[^\]]*\])|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)


def _expression(pattern: str) -> re.Pattern[str]:
    """`*` and `?` within one part of a path, `**` across parts, `[…]` as in a shell."""
    return re.compile("".join(_translated(token, pattern) for token in _TOKEN.finditer(pattern)) + r"(?:/.*)?", re.DOTALL)


def _translated(token: re.Match[str], pattern: str) -> str:
    kind = token.lastgroup
    if kind == "deep":
        return ".*" if token.end() == len(pattern) else "(.*/)?"
    if kind == "class":
        return token["class"].replace("\\", "\\\\")
    if token["plain"] == "[":
        raise ValueError(f"illegal pattern {pattern!r}: [ without ]")
    return {"any": "[^/]*", "one": "[^/]"}.get(str(kind)) or re.escape(token["escaped"] or token["plain"])


def is_ignored(path: str, patterns: list[Pattern]) -> bool:
    """Whether a path (relative to the context, `/` between its parts), or a folder it lies in, is left out."""
    ignored = False
    for pattern in patterns:
        if pattern.keeps == ignored and pattern.expression.fullmatch(path):
            ignored = not pattern.keeps
    return ignored


def walk(context: str, patterns: list[Pattern]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every kept path below the context, folders before their content, in the order of names, with its entry."""
    yield from _walk(context, "", patterns)


def _walk(folder: str, prefix: str, patterns: list[Pattern]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in ordered:
        path = prefix + entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        ignored = is_ignored(path, patterns)
        if not ignored:
            yield path, entry
        if is_folder and not (ignored and not _may_keep_below(path, patterns)):
            yield from _walk(entry.path, path + "/", patterns)


def _may_keep_below(folder: str, patterns: list[Pattern]) -> bool:
    """Whether a `!` line could bring back something inside an ignored folder."""
    return any(
        pattern.keeps and ("*" in pattern.text or "?" in pattern.text or "[" in pattern.text or _inside(pattern.text, folder))
        for pattern in patterns
    )


def _inside(path: str, folder: str) -> bool:
    return (path + "/").startswith(folder + "/")
