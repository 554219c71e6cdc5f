"""Volumes. Every change replaces them; one in use is given half a minute to get free."""

from __future__ import annotations

from typing import Any, ClassVar

from .container_mounts import label_map
from .errors import DockerError
from .removal import remove_when_free
from .resource_type import Context
from .schema import Fields, labels, mapping, one_of, single, string
from .sets import in_order
from .table_resource import TableResource

_CLUSTER: Fields = {
    "availability": string(default="active", check=one_of("active", "pause", "drain")),
    "group": string(default="", replaces=True),
    "id": string(output=True),
    "limitBytes": string(replaces=True),
    "requiredBytes": string(replaces=True),
    "scope": string(default="single", replaces=True, check=one_of("single", "multi")),
    "sharing": string(default="none", replaces=True, check=one_of("none", "readonly", "onewriter", "all")),
    "topologyPreferred": string(default="", replaces=True),
    "topologyRequired": string(default="", replaces=True),
    "type": string(default="block", replaces=True, check=one_of("mount", "block")),
}


class Volume(TableResource):
    token = "docker:index/volume:Volume"  # noqa: S105
    fields: ClassVar[Fields] = {
        "cluster": single(_CLUSTER, refused="a CSI volume of a swarm needs the official plugin"),
        "driver": string(computed=True, replaces=True),
        "driverOpts": mapping(replaces=True),
        "labels": labels(replaces=True),
        "mountpoint": string(output=True),
        "name": string(computed=True, replaces=True),
    }

    def make(self, context: Context, planned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        body = {
            "Name": planned["name"] or "",
            "Driver": planned["driver"] or "local",
            "DriverOpts": planned["driverOpts"] or None,
            "Labels": label_map(planned["labels"]) or None,
        }
        try:
            answer = context.engine.json("POST", "/volumes/create", body=body)
        except DockerError as error:
            raise DockerError(f"volume {planned['name']} could not be made: {error}", error.status) from None
        return str(answer["Name"]), {}

    def look(self, context: Context, resource_id: str, state: dict[str, Any]) -> dict[str, Any] | None:
        try:
            found = context.engine.json("GET", f"/volumes/{resource_id}")
        except DockerError as error:
            if error.is_missing:
                return None
            raise
        return {
            "driver": found["Driver"],
            "driverOpts": found.get("Options") or {},
            "labels": in_order({"label": key, "value": value} for key, value in (found.get("Labels") or {}).items()),
            "mountpoint": found["Mountpoint"],
            "name": found["Name"],
        }

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        remove_when_free(
            context,
            f"/volumes/{resource_id}",
            params={"force": "1"},
            refusal="volume is in use",
            name=f"volume {resource_id}",
            hint=f"`docker ps -a --filter volume={resource_id}` names the containers that hold it",
        )
