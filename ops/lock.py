"""Is another run busy with the stack? A lock of a dead process is cleared, one of a living process never."""

import json
import os
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ops.stack import Stack
from tools.machine.problem import Problem


@dataclass(frozen=True)
class Lock:
    """A lock file of Pulumi's local backend."""

    pid: int
    host: str
    since: datetime

    def is_dead(self) -> bool:
        """Whether its process is certainly gone: it was of this host, and no such Pulumi runs."""
        if self.host != socket.gethostname():
            return False
        program = Path(f"/proc/{self.pid}/comm")
        return not _is_alive(self.pid) or (program.exists() and "pulumi" not in program.read_text())  # the id is another's by now


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def read_locks(folder: Path) -> list[Lock]:
    """The locks in a stack's folder; one that is being written is taken for held by an unknown process."""
    locks = []
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            content = json.loads(file.read_text())
            locks.append(Lock(int(content["pid"]), str(content["hostname"]), datetime.fromisoformat(content["timestamp"])))
        except FileNotFoundError:
            continue  # released meanwhile
        except (ValueError, KeyError):
            locks.append(Lock(0, "", datetime.now().astimezone()))
    return locks


def clear_dead_locks(stack: Stack) -> list[Lock]:
    """Release the stack when only dead processes hold it; the locks that were cleared.

    Raises:
        Problem: a living or unknown process holds it (E9).
    """
    locks = read_locks(stack.locks())
    for lock in locks:
        if not lock.is_dead():
            raise Problem(
                f"Another run holds stack {stack.name}: process {lock.pid} on {lock.host or 'an unknown host'},"
                f" since {lock.since:%H:%M:%S}.",
                "Nothing was changed. Wait for it to end.",
                f"make up; or, when it is certainly gone: ./pulumiw cancel --yes --stack {stack.name}",
            )
    if locks:
        stack.ask("cancel", "--yes")
    return locks
