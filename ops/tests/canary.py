"""Looks for secrets where none may be, in every form in which one could slip through."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


def forms(secret: str) -> dict[str, str]:
    """Name of the form -> text to look for; base64 at each of its three alignments, also within something longer."""
    raw = secret.encode()
    found = {"raw": secret, "hex": raw.hex(), "url": quote(secret, safe=""), "json": json.dumps(secret)[1:-1]}
    for shift, skipped in enumerate((0, 2, 3)):  # characters that hold bits of what comes before
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        whole = (shift + len(raw)) % 3 == 0
        core = encoded[skipped:] if whole else encoded[skipped:-1]  # the last one holds bits of what comes after
        found[f"base64/{shift}"] = core
        found[f"base64url/{shift}"] = core.replace("+", "-").replace("/", "_")
    return found


@dataclass(frozen=True)
class Finding:
    """Which secret, in which form, where. Never the secret."""

    secret: str
    form: str
    place: str


def scan(secrets: Mapping[str, str], places: Iterable[tuple[str, bytes]]) -> list[Finding]:
    """Every secret in every place."""
    wanted = [(name, form, text.encode()) for name, secret in secrets.items() for form, text in forms(secret).items()]
    return [Finding(name, form, place) for place, content in places for name, form, text in wanted if text in content]


def engine_places(client: Any, stack_label: str) -> Iterable[tuple[str, bytes]]:
    """What anyone with the engine's socket can read of a stack: inspect, logs, command lines, image history."""
    filters = {"label": f"stk.stack={stack_label}"}
    images = set()
    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        images.add(container.attrs["Image"])
        yield f"inspect {container.name}", json.dumps(client.api.inspect_container(container.id)).encode()
        yield f"logs {container.name}", container.logs()
        if container.status == "running":
            yield f"command lines {container.name}", json.dumps(container.top()).encode()
    for image in sorted(images):
        yield f"history {image}", json.dumps([client.api.history(image), client.api.inspect_image(image)]).encode()
    for network in client.networks.list(filters=filters):
        yield f"inspect {network.name}", json.dumps(network.attrs).encode()
    for volume in client.volumes.list(filters=filters):
        yield f"inspect {volume.name}", json.dumps(volume.attrs).encode()
