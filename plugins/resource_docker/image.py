"""Images built from a folder. A changed context, Dockerfile or option rebuilds in place; nothing is ever deleted.

Not bridged from Terraform, so it has rules of its own: the inputs of the last build are kept in the state (encrypted)
under `__inputs`, and only they are compared.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from . import build_context, checking, image_build, images
from .errors import DockerError
from .properties import UNKNOWN, Secret, contains_unknown, without_nulls
from .resource_type import Context, Difference, Found, Made
from .schema import Fields, boolean, listing, mapping, one_of, single, string

FIELDS: Fields = {
    "build": single(
        {
            "addHosts": listing(),
            "args": mapping(),
            "builderVersion": string(check=one_of(*image_build.BUILDERS)),
            "cacheFrom": single({"images": listing()}),
            "context": string(),
            "contextDigest": string(),
            "dockerfile": string(),
            "network": string(),
            "platform": string(),
            "target": string(),
        }
    ),
    "buildOnPreview": boolean(),
    "imageName": string(required=True),
    "registry": single({"password": string(), "server": string(), "username": string()}),
    "skipPush": boolean(),
}
OUTPUTS: Fields = {
    "baseImageName": string(output=True),
    "context": string(output=True),
    "dockerfile": string(output=True),
    "imageName": string(output=True),
    "platform": string(computed=True),
    "registryServer": string(output=True),
    "repoDigest": string(output=True),
}
KEPT_INPUTS = "__inputs"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


class Image:
    token = "docker:index/image:Image"  # noqa: S105

    def check(
        self, context: Context, news: dict[str, Any], olds: dict[str, Any], autoname: Callable[[], str]
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        inputs = without_nulls(news)
        failures = checking.check(FIELDS, inputs, {}, None).failures
        if failures:
            return inputs, failures
        if inputs.get("buildOnPreview") is not True:
            inputs["buildOnPreview"] = False
        if inputs.get("build") is not UNKNOWN:
            inputs["build"] = self._check_build(context, without_nulls(inputs.get("build") or {}), failures)
        return inputs, failures + _unqualified_names(inputs)

    def _check_build(self, context: Context, build: dict[str, Any], failures: list[tuple[str, str]]) -> dict[str, Any]:
        build.setdefault("context", ".")
        # A folder that is not known yet is the program's own for now, as officially.
        folder = "." if build["context"] is UNKNOWN else build["context"]
        build.setdefault("dockerfile", os.path.normpath(os.path.join(folder, build_context.DOCKERFILE)))  # noqa: PTH118
        if build["dockerfile"] is not UNKNOWN:
            try:
                build["contextDigest"] = _digest(folder, build["dockerfile"])
            except DockerError as error:
                failures.append(("build", str(error)))
        if isinstance(build.get("cacheFrom"), dict) and "images" not in build["cacheFrom"]:
            failures.append(("build.cacheFrom", "cacheFrom needs a list of images"))
        if "platform" not in build:
            build["platform"] = f"linux/{_ARCHITECTURES.get(platform.machine(), platform.machine())}"
            context.log.info(context.urn, f"Building for {build['platform']}; set build.platform to build for another one.")
        return build

    def diff(self, prior: dict[str, Any], inputs: dict[str, Any], ignored: Collection[str] = ()) -> Difference:
        """`ignored` makes no difference here: the engine has put the former inputs in the place of what it names."""
        old, new = without_nulls(prior.get(KEPT_INPUTS) or {}), without_nulls(inputs)
        changes: dict[str, tuple[str, bool]] = {}
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) == new.get(key):
                continue
            if key == "registry" and key in old and key in new and not _changes_server(old[key], new[key]):
                continue
            changes[key] = ("add" if key not in old else "delete" if key not in new else "update", False)
        return Difference(changes, changed=bool(changes), detailed=bool(changes))

    def create(self, context: Context, inputs: dict[str, Any], *, preview: bool) -> Made:
        if preview and not _can_build_in_preview(context, inputs):
            return Made("", inputs)
        return Made(str(inputs["imageName"]), self._build(context, inputs, push=not preview))

    def update(
        self,
        context: Context,
        resource_id: str,
        prior: dict[str, Any],
        inputs: dict[str, Any],
        ignored: Collection[str] = (),
        *,
        preview: bool,
    ) -> dict[str, Any]:
        if preview and not _can_build_in_preview(context, inputs):
            return inputs
        return self._build(context, inputs, push=not preview)

    def read(self, context: Context, resource_id: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> Found | None:
        """The state as it is: like the official provider, this one does not look whether the image is still there."""
        kept = {KEPT_INPUTS: Secret(outputs[KEPT_INPUTS])} if KEPT_INPUTS in outputs else {}
        return Found(resource_id, outputs | kept, inputs)

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        """The local image stays: other containers may use it."""

    def _build(self, context: Context, inputs: dict[str, Any], *, push: bool) -> dict[str, Any]:
        name, build = str(inputs["imageName"]), inputs["build"]
        registry = inputs.get("registry") or {}
        relative = os.path.relpath(build["dockerfile"], build["context"]).replace(os.sep, "/")
        image_build.build(context, name, build, registry)
        outputs = {
            "baseImageName": name,
            "context": build["context"],
            "dockerfile": relative,
            "imageName": name,
            "platform": build.get("platform", ""),
            "registryServer": registry.get("server", ""),
        }
        if push and not inputs.get("skipPush"):
            outputs["repoDigest"] = image_build.push(context, name, registry)
        else:
            found = images.find(context, name)
            if found is None:
                raise DockerError(f"image {name} was built but is not in this engine")
            outputs["repoDigest"] = found["Id"]
        return {**outputs, KEPT_INPUTS: Secret(inputs)}


def _digest(context: str, dockerfile: str) -> str:
    if not Path(dockerfile).is_file():
        inside = os.path.normpath(os.path.join(context, dockerfile))  # noqa: PTH118
        hint = f"; build.dockerfile is relative to the program's folder: try {inside!r}" if Path(inside).is_file() else ""
        raise DockerError(f"no Dockerfile at {dockerfile!r} (from {Path.cwd()}){hint}")
    if not Path(context).is_dir():
        raise DockerError(f"no folder for the build context at {context!r} (from {Path.cwd()})")
    try:
        return build_context.digest(context, dockerfile)
    except (OSError, ValueError) as error:
        raise DockerError(f"the build context {context!r} cannot be read: {error}") from None


def _unqualified_names(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """What is pushed, or cached from a registry, needs the registry in its name."""
    name, build = inputs.get("imageName"), inputs.get("build")
    cached = image_build.cached_images(build) if isinstance(build, dict) else []
    if inputs.get("skipPush") is True and not cached:
        return []
    if not isinstance(name, str) or (inputs.get("registry") or {}).get("server"):
        return []
    hint = "an image that is pushed needs its registry in its name"
    return [
        ("imageName", f"{hint}, such as docker.io/{image} (or set skipPush)")
        for image in [name, *cached]
        if images.registry_of(image) == "docker.io" and not image.startswith("docker.io/")
    ]


def _changes_server(old: Any, new: Any) -> bool:
    """Credentials come and go, and the image is the same; so it is, officially, with a server that comes or goes."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return True
    return "server" in old and "server" in new and bool(old["server"] != new["server"])


def _can_build_in_preview(context: Context, inputs: dict[str, Any]) -> bool:
    if inputs.get("buildOnPreview") is not True:
        return False
    if contains_unknown(inputs.get("build")) or inputs.get("imageName") is UNKNOWN:
        context.log.warning(
            context.urn, "Not built in this preview: the image's name, context, Dockerfile or arguments are not known yet."
        )
        return False
    return True
