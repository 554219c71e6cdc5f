"""Where the docker target puts things: provider, names, labels. One rule names everything: `<project>-<stack>-<noun>`."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker


@dataclass(frozen=True)
class Engine:
    """One Docker engine as one stack uses it."""

    provider: docker.Provider
    prefix: str
    labels: tuple[tuple[str, str], ...]

    def name(self, noun: str) -> str:
        """The name of the stack's `noun`, in state and on the engine."""
        return f"{self.prefix}-{noun}"

    def label_pairs(self, service: str | None = None) -> list[tuple[str, str]]:
        """Labels that say whose a thing is: `stk.stack`, `stk.owner` and, of a container, `stk.service`."""
        return [*self.labels, *([("stk.service", service)] if service else [])]

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """Options that put a resource on this engine."""
        return pulumi.ResourceOptions(provider=self.provider)


def connect(docker_host: str | None, owner: str) -> Engine:
    """The engine at `docker_host`, or the one that DOCKER_HOST or the default socket names."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    return Engine(
        provider=docker.Provider("engine", host=docker_host),
        prefix=f"{project}-{stack}",
        labels=(("stk.stack", f"{project}/{stack}"), ("stk.owner", owner)),
    )
