"""The targets by name. A target is a function from settings, secrets and workload to endpoints."""

from collections.abc import Mapping
from typing import Protocol

from infra.endpoints import Endpoints
from infra.settings import StackSettings
from infra.targets import docker
from infra.workload import Workload


class Target(Protocol):
    """Makes the workload's resources; nothing else in the program creates any."""

    def __call__(self, stack: StackSettings, workload: Workload) -> Endpoints:
        """Declare everything and say where it will be reached."""


TARGETS: Mapping[str, Target] = {"docker": docker.deploy}
