"""Containers: made, connected, filled, started and waited for; a failure half way leaves them in the state as they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

from . import container_limits, container_network, container_spec, container_state, container_upload, images
from .container_fields import FIELDS
from .errors import DockerError, HalfMadeError, RefusedError
from .resource_type import LEAST_SECONDS, Context
from .schema import Fields
from .sets import as_sent
from .table_resource import TableResource

HEALTH_POLL_SECONDS = 0.25
SETTLE_SECONDS = 0.1
UPDATABLE = (
    "restart",
    "maxRetryCount",
    "cpuShares",
    "memory",
    "memoryReservation",
    "cpuSet",
    "memorySwap",
    "deviceReadBps",
    "deviceReadIops",
    "deviceWriteBps",
    "deviceWriteIops",
)


class Container(TableResource):
    token = "docker:index/container:Container"  # noqa: S105
    fields: ClassVar[Fields] = FIELDS
    always_deletes_before_replace = True

    def make(self, context: Context, planned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        images.find_or_pull(context, planned["image"])
        planned = as_sent(self.fields, planned)
        body = container_spec.create_body(planned, context.engine.api_version)
        params = {"name": planned["name"]}
        if planned["platform"]:
            params["platform"] = planned["platform"]
        try:
            answer = context.engine.json("POST", "/containers/create", body=body, params=params)
        except DockerError as error:
            raise DockerError(f"container {planned['name']} could not be made: {error}", error.status) from None
        container_id = str(answer["Id"])
        try:
            return container_id, _bring_up(context, container_id, planned)
        except (DockerError, RefusedError) as error:
            raise HalfMadeError(container_id, str(error)) from error

    def look(self, context: Context, resource_id: str, state: dict[str, Any]) -> dict[str, Any] | None:
        try:
            found = context.engine.json("GET", f"/containers/{resource_id}/json")
        except DockerError as error:
            if error.is_missing:
                return None
            raise
        # Docker also finds containers by name and by the beginning of an id; only the whole id is this resource.
        return container_state.from_docker(found, state) if found["Id"] == resource_id else None

    def change(self, context: Context, resource_id: str, prior: dict[str, Any], planned: dict[str, Any]) -> None:
        if planned["mustRun"] and prior.get("mustRun") is False and planned["start"]:
            context.engine.json("POST", f"/containers/{resource_id}/start")
        if any(prior.get(key) != planned[key] for key in UPDATABLE):
            try:
                context.engine.json("POST", f"/containers/{resource_id}/update", body=container_limits.changeable(planned))
            except DockerError as error:
                raise DockerError(f"container {planned['name']} could not be changed: {error}", error.status) from None

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        grace_seconds = max(int(outputs.get("destroyGraceSeconds") or 0), 0)
        if not outputs.get("attach"):
            _unless_gone(
                lambda: context.engine.json(
                    "POST", f"/containers/{resource_id}/stop", params={"t": grace_seconds}, timeout_seconds=context.left()
                )
            )
        volumes = outputs.get("removeVolumes") is not False
        _unless_gone(
            lambda: context.engine.json(
                "DELETE",
                f"/containers/{resource_id}",
                params={"v": str(int(volumes)), "force": "1"},
                timeout_seconds=context.left(),
            )
        )
        _unless_gone(
            lambda: context.engine.json(
                "POST", f"/containers/{resource_id}/wait", params={"condition": "removed"}, timeout_seconds=context.left(60)
            )
        )


def _unless_gone(action: Callable[[], Any]) -> None:
    try:
        action()
    except DockerError as error:
        if not error.is_missing and "is already in progress" not in str(error):
            raise


def _bring_up(context: Context, container_id: str, planned: dict[str, Any]) -> dict[str, Any]:
    """Everything after creation; returns values learned on the way (containerLogs)."""
    _connect(context, container_id, planned)
    for upload in planned["uploads"]:
        context.engine.json(
            "PUT",
            f"/containers/{container_id}/archive",
            body=container_upload.archive(upload),
            params={"path": "/"},
            headers={"Content-Type": "application/x-tar"},
        )
    if planned["start"]:
        try:
            context.engine.json("POST", f"/containers/{container_id}/start")
        except DockerError as error:
            raise DockerError(f"container {planned['name']} could not be started: {error}", error.status) from None
        if planned["wait"]:
            wait_until_healthy(context, container_id, planned)
        else:
            # A command that ends at once has ended when it is looked at, as with the official provider, whose look takes longer.
            time.sleep(SETTLE_SECONDS)
    if not planned["attach"]:
        return {}
    wait_until_ended(context, container_id, planned)
    if not planned["logs"]:
        return {}
    raw = context.engine.raw("GET", f"/containers/{container_id}/logs", params={"stdout": "1", "stderr": "1"})
    return {"containerLogs": raw.decode(errors="replace") if planned["tty"] else joined_streams(raw)}


def _connect(context: Context, container_id: str, planned: dict[str, Any]) -> None:
    if not planned["networksAdvanced"]:
        return
    try:
        context.engine.json("POST", "/networks/bridge/disconnect", body={"Container": container_id})
    except DockerError as error:
        if "is not connected to" not in str(error):
            raise
    for network in planned["networksAdvanced"]:
        body = {"Container": container_id, "EndpointConfig": container_network.endpoint(network)}
        try:
            context.engine.json("POST", f"/networks/{network['name']}/connect", body=body)
        except DockerError as error:
            raise DockerError(
                f"container {planned['name']} could not join network {network['name']}: {error}", error.status
            ) from None


def wait_until_ended(context: Context, container_id: str, planned: dict[str, Any]) -> None:
    seconds = context.left()
    try:
        context.engine.json("POST", f"/containers/{container_id}/wait", timeout_seconds=seconds)
    except DockerError as error:
        if context.left() > LEAST_SECONDS:
            raise
        raise DockerError(f"container {planned['name']} had not ended after {seconds:.0f} s, and is still attached") from error


def wait_until_healthy(context: Context, container_id: str, planned: dict[str, Any]) -> None:
    """Wait for Docker's healthcheck; DockerError when `waitTimeout` seconds, or those of the whole operation, are over."""
    name = planned["name"]
    limit_seconds = context.left(int(planned["waitTimeout"] or 0))
    deadline = time.monotonic() + limit_seconds
    while True:
        state = context.engine.json("GET", f"/containers/{container_id}/json")["State"]
        health = state.get("Health")
        if health is None:
            raise DockerError(f"container {name} has wait set but no healthcheck; give it one, or remove wait")
        if health["Status"] == "healthy":
            return
        if time.monotonic() >= deadline:
            raise DockerError(
                f"container {name} was not healthy after {limit_seconds:.0f} s (it is {health['Status']}, "
                f"{state['Status']}); `docker logs {name}` and `docker inspect {name}` say why"
            )
        time.sleep(HEALTH_POLL_SECONDS)


def joined_streams(raw: bytes) -> str:
    """The text of a container's log: frames of stdout and stderr (8 bytes of head, the last 4 its length) in their order."""
    parts, position = [], 0
    while position + 8 <= len(raw):
        size = int.from_bytes(raw[position + 4 : position + 8], "big")
        parts.append(raw[position + 8 : position + 8 + size])
        position += 8 + size
    return b"".join(parts).decode(errors="replace")
