"""The images and how each is built. Containers use the digest, never the tag: only so does a changed image reach them.

Paths are relative to this folder, where the program runs, so that state is the same in every checkout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from services.contract.release import RELEASED_PARTS, part_id, release_id


@dataclass(frozen=True)
class Recipe:
    """Where an image comes from: context and Dockerfile relative to infra/, stage."""

    context: str
    dockerfile: str
    stage: str | None = None


RECIPES: Mapping[str, Recipe] = {
    "redis": Recipe("../services/images", "../services/images/redis/Dockerfile"),
    "database": Recipe("../services/images", "../services/images/database/Dockerfile"),
    "edge": Recipe("../services/images", "../services/images/edge/Dockerfile"),
    "api": Recipe("..", "../services/Dockerfile", "api"),
    "ws": Recipe("..", "../services/Dockerfile", "ws"),
    "web": Recipe("..", "../services/images/web/Dockerfile", "web"),
}


@dataclass(frozen=True)
class Images:
    """Built images by name."""

    built: Mapping[str, docker.Image]

    def reference(self, name: str) -> pulumi.Output[str]:
        """What a container is made of: changes exactly when the image's bytes do."""
        return self.built[name].repo_digest

    def part(self, name: str) -> pulumi.Output[str]:
        """The id that the part built from this image tells of itself."""
        return self.reference(name).apply(part_id)

    @property
    def digests(self) -> pulumi.Output[dict[str, str]]:
        """All references by name."""
        return pulumi.Output.all(**{name: image.repo_digest for name, image in self.built.items()}).apply(dict[str, str])

    @property
    def release(self) -> pulumi.Output[str]:
        """The release as a whole."""
        return pulumi.Output.all(**{name: self.part(name) for name in RELEASED_PARTS}).apply(release_id)


def build_images(prefix: str, opts: pulumi.ResourceOptions) -> Images:
    """Build every image on the engine of `opts`; nothing is pushed anywhere. `prefix` names the stack in the tags."""
    return Images({name: _build(f"{prefix}-{name}", recipe, opts) for name, recipe in RECIPES.items()})


def _build(name: str, recipe: Recipe, opts: pulumi.ResourceOptions) -> docker.Image:
    return docker.Image(
        name,
        image_name=f"{name}:current",
        skip_push=True,
        build=docker.DockerBuildArgs(
            context=recipe.context,
            dockerfile=recipe.dockerfile,
            target=recipe.stage,
            builder_version=docker.BuilderVersion.BUILDER_BUILD_KIT,
        ),
        opts=opts,
    )
