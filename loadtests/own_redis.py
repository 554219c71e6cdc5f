"""A Redis of the platform's own image for one run: what is measured on it disturbs nobody, and nobody disturbs it."""

import contextlib
import io
import secrets
import socket
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import docker
from docker.errors import DockerException

from services.contract.endpoints import REDIS_PORT

READY_SECONDS = 20.0


class PubSubError(Exception):
    """The run's own Redis did not start or did not answer."""


@dataclass(frozen=True)
class Address:
    """Where the run's own Redis is."""

    port: int
    password: str


@contextlib.contextmanager
def own_redis(image: str) -> Iterator[Address]:
    """A Redis of `image` on a loopback port with a password of its own; gone afterwards, with its volume.

    Raises:
        PubSubError: it did not start.
    """
    password = secrets.token_urlsafe(24)
    try:
        client = docker.from_env()
        container = client.containers.create(
            image,
            labels={"stk.purpose": "pubsub-knee"},
            ports={f"{REDIS_PORT}/tcp": ("127.0.0.1", None)},
            mem_limit="256m",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
        )
    except DockerException as error:
        raise PubSubError(f"no Redis of image {image}: {error}") from error
    try:
        container.put_archive("/", _secret_file(password))
        container.start()
        container.reload()
        address = Address(int(container.ports[f"{REDIS_PORT}/tcp"][0]["HostPort"]), password)
        _wait_for(address)
        yield address
    finally:
        container.remove(force=True, v=True)
        client.close()


@contextlib.contextmanager
def connected(address: Address) -> Iterator[socket.socket]:
    """A signed-in connection.

    Raises:
        PubSubError, OSError: it does not let us in.
    """
    with socket.create_connection(("127.0.0.1", address.port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(command(b"AUTH", address.password.encode()))
        answer = connection.recv(1024)
        if not answer.startswith(b"+OK"):
            raise PubSubError(f"Redis answers {answer[:60]!r}")
        yield connection


def command(*words: bytes) -> bytes:
    """One command as Redis reads it."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _wait_for(address: Address) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with connected(address):
                return
        except (OSError, PubSubError) as error:
            if time.monotonic() > deadline:
                raise PubSubError(f"the run's own Redis does not answer after {READY_SECONDS:g} s: {error}") from error
            time.sleep(0.1)


def _secret_file(password: str) -> bytes:
    """A tar archive with the one secret the image's start script reads."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("run/secrets/redis_password")
        entry.size, entry.mode = len(password), 0o444
        tar.addfile(entry, io.BytesIO(password.encode()))
    return archive.getvalue()
