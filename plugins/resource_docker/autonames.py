"""Names for resources that a program does not name: `<logical name>-<7 hex digits>`."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

RANDOM_DIGITS: Final = 7
DISABLE: Final = 2  # the mode in which the engine forbids them


def autoname(logical_name: str, seed: bytes) -> str:
    """A name that is the same for the same seed (the engine repeats an interrupted step with its seed)."""
    digits = hashlib.sha256(seed + logical_name.encode()).hexdigest() if seed else secrets.token_hex(RANDOM_DIGITS)
    return f"{logical_name}-{digits[:RANDOM_DIGITS]}"
