"""Networks. Every change replaces them; one that still has containers is given half a minute to lose them."""

from __future__ import annotations

from typing import Any, ClassVar

from .container_mounts import label_map
from .errors import DockerError
from .removal import remove_when_free
from .resource_type import Context
from .schema import Fields, boolean, collection, labels, mapping, string
from .sets import as_sent, in_order
from .table_resource import TableResource

_IPAM_CONFIG: Fields = {
    "subnet": string(replaces=True),
    "ipRange": string(replaces=True),
    "gateway": string(replaces=True),
    "auxAddress": mapping(replaces=True),
}


class Network(TableResource):
    token = "docker:index/network:Network"  # noqa: S105
    fields: ClassVar[Fields] = {
        "attachable": boolean(replaces=True),
        "driver": string(computed=True, replaces=True),
        "ingress": boolean(replaces=True),
        "internal": boolean(computed=True, replaces=True),
        "ipamConfigs": collection(_IPAM_CONFIG, computed=True, replaces=True),
        "ipamDriver": string(default="default", replaces=True),
        "ipamOptions": mapping(replaces=True),
        "ipv6": boolean(replaces=True),
        "labels": labels(replaces=True),
        "name": string(required=True, replaces=True),
        "options": mapping(computed=True, replaces=True),
        "scope": string(output=True),
    }

    def make(self, context: Context, planned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        planned = as_sent(self.fields, planned)
        body = {
            "Name": planned["name"],
            "Driver": planned["driver"] or "",
            "Internal": bool(planned["internal"]),
            "Attachable": bool(planned["attachable"]),
            "Ingress": bool(planned["ingress"]),
            "EnableIPv6": bool(planned["ipv6"]),
            "IPAM": {
                "Driver": planned["ipamDriver"],
                "Options": planned["ipamOptions"] or None,
                "Config": [_ipam_to_docker(config) for config in planned["ipamConfigs"] or []],
            },
            "Options": planned["options"] or None,
            "Labels": label_map(planned["labels"]),
            "CheckDuplicate": True,
        }
        try:
            answer = context.engine.json("POST", "/networks/create", body=body)
        except DockerError as error:
            raise DockerError(f"network {planned['name']} could not be made: {error}", error.status) from None
        return str(answer["Id"]), {}

    def look(self, context: Context, resource_id: str, state: dict[str, Any]) -> dict[str, Any] | None:
        try:
            found = context.engine.json("GET", f"/networks/{resource_id}")
        except DockerError as error:
            if error.is_missing:
                return None
            raise
        ipam = found.get("IPAM") or {}
        return {
            "attachable": found.get("Attachable", False),
            "driver": found["Driver"],
            "ingress": found.get("Ingress", False),
            "internal": found.get("Internal", False),
            "ipamConfigs": in_order(_ipam_from_docker(config) for config in ipam.get("Config") or []),
            "ipamDriver": ipam.get("Driver"),
            "ipamOptions": ipam.get("Options") or {},
            "ipv6": found.get("EnableIPv6", False),
            "labels": in_order({"label": key, "value": value} for key, value in (found.get("Labels") or {}).items()),
            "name": found["Name"],
            "options": found.get("Options") or {},
            "scope": found["Scope"],
        }

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        name = outputs.get("name", resource_id)
        remove_when_free(
            context,
            f"/networks/{resource_id}",
            refusal="has active endpoints",
            name=f"network {name}",
            hint=f"`docker network inspect {name}` names its containers",
        )


def _ipam_to_docker(config: dict[str, Any]) -> dict[str, Any]:
    names = {"subnet": "Subnet", "ipRange": "IPRange", "gateway": "Gateway", "auxAddress": "AuxiliaryAddresses"}
    return {docker: config[key] for key, docker in names.items() if config.get(key)}


def _ipam_from_docker(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "auxAddress": config.get("AuxiliaryAddresses") or {},
        "gateway": config.get("Gateway", ""),
        "ipRange": config.get("IPRange", ""),
        "subnet": config.get("Subnet", ""),
    }
