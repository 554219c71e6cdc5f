"""Images that a registry has: pulled where this engine lacks them, removed with the resource unless told to keep them."""

from __future__ import annotations

from typing import Any, ClassVar

from . import images
from .errors import DockerError
from .resource_type import Context
from .schema import Fields, Kind, boolean, collection, mapping, single, string
from .table_resource import TableResource


class RemoteImage(TableResource):
    token = "docker:index/remoteImage:RemoteImage"  # noqa: S105
    named_automatically = False
    fields: ClassVar[Fields] = {
        "build": single({}, Kind.SET, refused="build images with docker.Image"),
        "forceRemove": boolean(),
        "imageId": string(output=True),
        "keepLocally": boolean(),
        "name": string(required=True, replaces=True),
        "platform": string(default="", replaces=True),
        "pullTriggers": collection(replaces=True),
        "repoDigest": string(output=True),
        "triggers": mapping(replaces=True),
    }

    def make(self, context: Context, planned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        name = planned["name"]
        images.find_or_pull(context, name, planned["platform"] or "")
        found = self.look(context, "", planned)
        if found is None:
            raise DockerError(f"image {name} was pulled but is not in this engine")
        return found["imageId"] + name, {}

    def look(self, context: Context, resource_id: str, state: dict[str, Any]) -> dict[str, Any] | None:
        name = state.get("name")
        # Its id does not tell an image's name, so one cannot be imported: officially, too, there is then no such image.
        if not name:
            return None
        found = images.find(context, name)
        if found is None:
            return None
        return {"imageId": found["Id"], "repoDigest": images.repo_digest(name, found)}

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        if outputs.get("keepLocally"):
            return
        name, force = outputs["name"], "1" if outputs.get("forceRemove") else "0"
        try:
            context.engine.json("DELETE", f"/images/{name}", params={"force": force})
        except DockerError as error:
            if not error.is_missing:
                raise DockerError(f"image {name} could not be removed: {error}", error.status) from None
