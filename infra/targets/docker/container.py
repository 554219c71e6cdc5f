"""One container of the workload: the only place where the provider's container types appear.

Two ways to be replaced. A rolling container has an automatic name and no host port, so the new one starts beside the old
one and the old one goes at the end of the update. The others own a name, a port or a volume and go first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from infra.environment import SECRET_DIR
from infra.images import Images
from infra.targets.docker.engine import Engine
from infra.workload import Service

PROBE_INTERVAL = "1s"
PROBE_TIMEOUT = "25s"
"""Longer than the pause that a probe of a healthy container takes (services/images/healthcheck)."""

REPLACED_BY = ["healthcheck", "tmpfs", "init", "mounts", "#initerror"]
"""Changes that the provider alone would record without applying them, and a container that never got healthy."""


After = Sequence[pulumi.Input[pulumi.Resource]]
"""What must be there, healthy, before; an Output where that is known only in the course of the update."""


@dataclass(frozen=True)
class Site:
    """What containers are made with: the engine, its networks and volumes, the images, the secrets."""

    engine: Engine
    networks: Mapping[str, docker.Network]
    images: Images
    secrets: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True)
class Extras:
    """What only some containers have."""

    ports: Sequence[docker.ContainerPortArgs] = ()
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    volume: docker.Volume | None = None


def make_container(
    site: Site, service: Service, after: After, *, rolling: int | None = None, extras: Extras | None = None
) -> docker.Container:
    """Declare one container of `service`; `rolling` is the replica's number of a service that is replaced new before old."""
    name = site.engine.name(service.name)
    args = _arguments(site, service, extras or Extras())
    if rolling is None and service.probe:
        args.name = name
    _set_life(args, service)
    return docker.Container(
        name if rolling is None else f"{name}-{rolling}",
        args,
        pulumi.ResourceOptions(
            provider=site.engine.provider,
            depends_on=list(after),
            delete_before_replace=rolling is None,
            replace_on_changes=REPLACED_BY,
        ),
    )


def _arguments(site: Site, service: Service, extras: Extras) -> docker.ContainerArgs:
    return docker.ContainerArgs(
        image=site.images.reference(service.image),
        command=list(service.command) or None,
        user="10001:10001",
        envs=_environment(site, service),
        labels=[docker.ContainerLabelArgs(label=key, value=value) for key, value in site.engine.label_pairs(service.name)],
        network_mode="bridge",
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=site.networks[noun].name, aliases=[service.name])
            for noun in service.networks
        ],
        ports=list(extras.ports) or None,
        uploads=_files(site, service, extras.files) or None,
        mounts=_mounts(service, extras.volume) or None,
        memory=service.memory_mb,
        memory_swap=service.memory_mb,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        stop_timeout=service.grace_seconds,
        destroy_grace_seconds=service.grace_seconds,
    )


def _set_life(args: docker.ContainerArgs, service: Service) -> None:
    """A service runs and is waited for until it is healthy; a job runs to its end and is waited for until then."""
    if not service.probe:
        args.attach, args.logs, args.must_run, args.restart = True, True, False, "no"
        return
    args.restart, args.wait, args.wait_timeout = "unless-stopped", True, service.ready_within_seconds
    args.healthcheck = docker.ContainerHealthcheckArgs(
        tests=["CMD", "healthcheck", *service.probe],
        interval=PROBE_INTERVAL,
        timeout=PROBE_TIMEOUT,
        retries=3,
        start_period=_duration(service.ready_within_seconds),
    )


def _duration(seconds: int) -> str:
    """As Docker gives it back (`1m0s`): any other spelling of the same time would be a change at every refresh."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _environment(site: Site, service: Service) -> list[pulumi.Input[str]]:
    envs: list[pulumi.Input[str]] = [f"{key}={value}" for key, value in sorted(service.environment.items())]
    if service.tells_release:
        envs.append(site.images.part(service.image).apply(lambda part: f"RELEASE={part}"))
    return envs


def _files(site: Site, service: Service, files: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerUploadArgs]:
    # Uploads have no owner in this provider, so the files are readable by all; the service's user is the only one in there.
    secrets = {f"{SECRET_DIR}/{name}": site.secrets[name] for name in service.secrets}
    return [
        docker.ContainerUploadArgs(file=path, content=content, permissions="0444")
        for path, content in {**secrets, **files}.items()
    ]


def _mounts(service: Service, volume: docker.Volume | None) -> list[docker.ContainerMountArgs]:
    mounts = [
        docker.ContainerMountArgs(type="bind", source=folder, target=path, read_only=True)
        for path, folder in service.host_folders.items()
    ]
    if service.data and volume:
        mounts.append(docker.ContainerMountArgs(type="volume", source=volume.name, target=service.data.path))
    return mounts
