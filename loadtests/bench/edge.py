"""Our node as it runs in a stack: in its container, behind the edge in another. Redis stays the bench's own process.

The images are those of a stack; into the node's goes this checkout's code, so that the same code is measured bare and there.
Clients connect to the edge's own address on the engine's network, so the engine's port forwarder for loopback is not in the way.
"""

import contextlib
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import redis

from loadtests.bench.place import ROOT, Place, Target

EDGE_PORT = 8080
START_SECONDS = 30.0
FILES = "--ulimit=nofile=20000:20000"


class NoEngineError(RuntimeError):
    """No Docker engine, or images are missing; the text says what to type."""


def _docker(*words: str) -> str:
    try:
        done = subprocess.run(["docker", *words], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise NoEngineError("no docker command; run tools/bootstrap, or leave the edge out: --servers ours") from error
    except subprocess.CalledProcessError as error:
        text = f"docker {words[0]} failed: {error.stderr.strip()[-300:]}; is the engine running (docker info)?"
        raise NoEngineError(text) from error
    return done.stdout.strip()


def _image(part: str) -> str:
    """As a stack has built it."""
    name = f"stock-tracker-{os.environ.get('STOCK_TRACKER_STACK', 'local')}-{part}:current"
    if not _docker("images", "-q", name):
        raise NoEngineError(f"no image {name}; make up builds it (make down ends the stack, the images stay)")
    return name


@contextlib.contextmanager
def running_behind_edge(place: Place) -> Iterator[Target]:
    """Two containers on a network of their own; all of it gone afterwards.

    Raises:
        NoEngineError: there is no engine, or a step failed.
    """
    ws_image, edge_image = _image("ws"), _image("edge")
    name = f"stk-bench-{secrets.token_hex(4)}"
    _docker("network", "create", name)
    try:
        gateway = _docker("network", "inspect", name, "--format", "{{(index .IPAM.Config 0).Gateway}}")
        _let_redis_listen(place, gateway)
        _start_node(ws_image, name, place, gateway)
        _docker("run", "-d", "--name", f"{name}-edge", "--network", name, FILES, edge_image)
        address = _docker("inspect", f"{name}-edge", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
        _wait_for(f"http://{address}:{EDGE_PORT}/ws/health")
        yield Target(address, (EDGE_PORT,), (*_pids(f"{name}-ws"), *_pids(f"{name}-edge")), 1, place.client_key_file.read_text())
    finally:
        for words in (("rm", "-f", "-v", f"{name}-ws", f"{name}-edge"), ("network", "rm", name)):
            subprocess.run(["docker", *words], capture_output=True, check=False)


def _let_redis_listen(place: Place, gateway: str) -> None:
    with redis.Redis(port=place.redis_port, password=place.password_file.read_text()) as client:
        client.config_set("bind", f"127.0.0.1 {gateway}")


def _start_node(image: str, name: str, place: Place, gateway: str) -> None:
    environment = {
        "REDIS_HOST": gateway, "REDIS_PORT": place.redis_port, "REDIS_PASSWORD_FILE": "/srv/redis_password",
        "CLIENT_KEY_FILE": "/srv/client_key", "API_BASE": "http://127.0.0.1:1", "DEFAULT_SYMBOLS": "S000",
    }  # fmt: skip
    words = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
    network = ["--network", name, "--network-alias", "ws", "--cpuset-cpus", str(place.core)]
    _docker("create", "--name", f"{name}-ws", *network, FILES, *words, image)
    for path in (place.password_file, place.client_key_file):
        _docker("cp", str(path), f"{name}-ws:/srv/{path.name}")
    for package in ("contract", "ws"):
        _docker("cp", f"services/{package}/.", f"{name}-ws:/srv/services/{package}")
    _docker("start", f"{name}-ws")


def _pids(container: str) -> list[int]:
    return [int(line.split()[0]) for line in _docker("top", container, "-eo", "pid,comm").splitlines()[1:]]


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=1):
            time.sleep(1)
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer within {START_SECONDS:g} s")
