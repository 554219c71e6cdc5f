"""How a test reaches a running platform: its address, the two keys, the release it should be.

Each comes from an option, else from the environment, else from the outputs and configuration of a Pulumi stack of this
checkout. Smoke and load tests both use it and never import each other. Keys are read from files or from Pulumi's standard
output; they are never printed and never put on a command line.
"""

import json
import os
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from services.contract.endpoints import STREAM

ROOT = Path(__file__).parents[1]
DEFAULT_STACK = "local"
URL, STACK = "STOCK_TRACKER_URL", "STOCK_TRACKER_STACK"
CLIENT_KEY_FILE, CONTROL_KEY_FILE = "STOCK_TRACKER_CLIENT_KEY_FILE", "STOCK_TRACKER_CONTROL_KEY_FILE"
EXPECT_RELEASE = "STOCK_TRACKER_EXPECT_RELEASE"
STACK_SECONDS = 60.0


class AccessError(ValueError):
    """What is missing or wrong, and what to type next."""


@dataclass(frozen=True)
class Access:
    """Where the platform is. `stack` is set when a stack of this checkout was asked."""

    base_url: str
    client_key: str | None = field(default=None, repr=False)
    control_key: str | None = field(default=None, repr=False)
    expected_release: str | None = None
    stack: str | None = None

    @property
    def stream_url(self) -> str:
        """ws:// or wss:// address of the socket behind the same edge."""
        return f"ws{self.base_url.removeprefix('http')}{STREAM}"

    @property
    def origin(self) -> str:
        """What a browser on the platform's own page sends."""
        return self.base_url


def parse_base_url(text: str) -> str:
    """`http(s)://host[:port]` without a trailing slash.

    Raises:
        AccessError: it is something else.
    """
    parts = urlsplit(text)
    try:
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or bool(parts.query)
        bad = bad or (parts.port is not None and parts.port == 0)
    except ValueError:
        bad = True
    if bad or parts.username:
        raise AccessError(f"not an address: {text!r:.80}; expected http://HOST[:PORT], e.g. http://127.0.0.1:8080")
    return f"{parts.scheme}://{parts.netloc}"


def read_key(path: str, what: str) -> str:
    """The one line of a key file.

    Raises:
        AccessError: it cannot be read or is empty.
    """
    try:
        key = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AccessError(f"cannot read the {what} from {path}: {error}") from error
    if not key:
        raise AccessError(f"the {what} file {path} is empty")
    return key


def find_access(
    base_url: str | None = None,
    client_key_file: str | None = None,
    control_key_file: str | None = None,
    expect_release: str | None = None,
    stack: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Access:
    """Put together what options, environment and stack say, in this order of precedence.

    Where only an address is given, and it is that of this checkout's stack, keys and release are that stack's.

    Raises:
        AccessError: no address, a wrong one, an unreadable key, or a stack that does not answer.
    """
    address = base_url or environment.get(URL)
    address = parse_base_url(address) if address else None
    client_file = client_key_file or environment.get(CLIENT_KEY_FILE)
    control_file = control_key_file or environment.get(CONTROL_KEY_FILE)
    if stack := stack or (None if address else environment.get(STACK)):
        access = read_stack(stack)
    elif address is None:
        raise AccessError(f"no address given. Use --base-url http://HOST:PORT, or --stack NAME, or set {URL}")
    else:
        known = client_file or control_file
        access = Access(address) if known else _stack_at(address, environment.get(STACK, DEFAULT_STACK))
    return replace(
        access,
        base_url=address or access.base_url,
        client_key=read_key(client_file, "client key") if client_file else access.client_key,
        control_key=read_key(control_file, "control key") if control_file else access.control_key,
        expected_release=expect_release or environment.get(EXPECT_RELEASE) or access.expected_release,
    )


def read_stack(stack: str, run: Callable[..., str] | None = None) -> Access:
    """Address, keys and release of a stack of this checkout.

    Raises:
        AccessError: no such stack, it is not up, or Pulumi does not answer.
    """
    run = run or _pulumi
    try:
        outputs: dict[str, Any] = json.loads(run("stack", "output", "--json", "--stack", stack))
    except json.JSONDecodeError as error:
        raise AccessError(f"stack {stack}: outputs are not JSON: {error}. See: ./pulumiw stack output --stack {stack}") from error
    if "url" not in outputs:
        raise AccessError(f"stack {stack} has no output `url`: it is not up. Bring it up: ./pulumiw up --stack {stack}")
    return Access(
        base_url=parse_base_url(str(outputs["url"]).rstrip("/")),
        client_key=run("config", "get", "clientKey", "--stack", stack).strip() or None,
        control_key=run("config", "get", "controlKey", "--stack", stack).strip() or None,
        expected_release=outputs.get("release"),
        stack=stack,
    )


def _stack_at(address: str, stack: str) -> Access:
    if not (ROOT / ".pulumi" / "stacks").is_dir():
        return Access(address)
    try:
        access = read_stack(stack)
    except AccessError:
        return Access(address)
    return access if access.base_url == address else Access(address)


def _pulumi(*words: str) -> str:
    command = [str(ROOT / "pulumiw"), *words, "--non-interactive"]
    environment = {**os.environ, "STOCK_TRACKER_BOOTSTRAP": "1"}  # a look-up never starts the long set-up
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=STACK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AccessError(f"./pulumiw {' '.join(words)}: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise AccessError(f"./pulumiw {' '.join(words)} ended with {done.returncode}: {last}")
    return done.stdout


def add_access_options(parser: ArgumentParser) -> None:
    """The options every test program shares."""
    group = parser.add_argument_group("where the platform is")
    group.add_argument("--base-url", help=f"address of the edge, http://HOST:PORT (else {URL}, else the stack's output)")
    group.add_argument("--client-key-file", help="file with the key of socket clients that are no browser")
    group.add_argument("--control-key-file", help="file with the key of signed control requests")
    group.add_argument("--stack", help="take what is not given from this Pulumi stack of the checkout")
