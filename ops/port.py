"""Is the edge's port free, and who has it otherwise? Asked before anything is made."""

import errno
import ipaddress
import socket
from pathlib import Path


def is_free(address: str, port: int) -> bool:
    """Whether this host would let a program listen there.

    Raises:
        OSError: for another reason than the port being in use (an address that is not this host's, a right that is missing).
    """
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def holder(port: int) -> str:
    """The process that listens on a TCP port of this host, as far as this user may see it (Linux)."""
    sockets = _listening(port)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (folder / "fd").iterdir():
                if str(descriptor.readlink()) in sockets:
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    return f"{b' '.join(words).decode(errors='replace').strip()[:80]} (process {folder.name})"
        except OSError:
            continue  # ended meanwhile, or another user's
    return "another process"


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
