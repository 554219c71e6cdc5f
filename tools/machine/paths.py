"""Where the set-up keeps what it makes. Everything under ROOT is git-ignored."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".tools"
OWN_PULUMI_HOME = ROOT / ".pulumi-home"
PASSPHRASE = ROOT / ".stock-tracker" / "passphrase"


def cache() -> Path:
    """The user's cache folder for this project, shared by all checkouts of it (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "stock-tracker"
