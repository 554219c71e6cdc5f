"""Does the passphrase open this stack? Asked before anything is done with it.

The format is that of Pulumi's passphrase secrets provider: `encryptionsalt: v1:<salt>:v1:<nonce>:<sealed text>`.
"""

import base64
import hashlib
import os
import re
import time
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tools.machine.paths import PASSPHRASE, TOOLS
from tools.machine.problem import Problem

ROUNDS = 1_000_000


def check(stack_settings: Path) -> None:
    """`stack_settings` is Pulumi.<stack>.yaml. Raises Problem (E4) when the passphrase does not open it."""
    if not _changed_since_checked(stack_settings):
        return
    found = re.search(r"^encryptionsalt: v1:([^:\s]+):v1:([^:\s]+):(\S+)$", stack_settings.read_text(), re.MULTILINE)
    text, origin = _passphrase()
    if not found or text is None:
        return
    salt, nonce, sealed = (base64.b64decode(part) for part in found.groups())
    key = hashlib.pbkdf2_hmac("sha256", text.encode(), salt, ROUNDS, 32)
    try:
        AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise Problem(
            f"The secrets in {stack_settings.name} are encrypted, and the passphrase of {origin} does not open them.",
            "Nothing was changed.",
            "put the former passphrase back, or set PULUMI_CONFIG_PASSPHRASE_FILE to its file; then: tools/bootstrap",
        ) from None
    _checked(stack_settings).touch()


def _changed_since_checked(stack_settings: Path) -> bool:
    """Deriving the key takes a third of a second. A passphrase in the environment is tried every time."""
    mark, file = _checked(stack_settings), _passphrase_file()
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ or not mark.exists() or not file.exists():
        return True
    return mark.stat().st_mtime <= max(file.stat().st_ctime, stack_settings.stat().st_ctime)


def _checked(stack_settings: Path) -> Path:
    return TOOLS / f"passphrase-opens-{stack_settings.stem}"


def _passphrase_file() -> Path:
    return Path(os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE") or PASSPHRASE)


def _passphrase() -> tuple[str | None, str]:
    """The passphrase as Pulumi would take it, and where it is from."""
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        return os.environ["PULUMI_CONFIG_PASSPHRASE"], "PULUMI_CONFIG_PASSPHRASE"
    file = _passphrase_file()
    if not file.exists():
        return None, str(file)
    changed = time.strftime("%Y-%m-%d %H:%M", time.localtime(file.stat().st_mtime))
    return file.read_text().strip(), f"{file} (changed {changed})"
