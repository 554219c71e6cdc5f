"""The database on its volume, and the job that brings its schema to the release's."""

import pulumi
import pulumi_docker as docker

from infra.targets.docker.container import Extras, Site, make_container
from infra.targets.docker.volume import make_volume
from infra.workload import Service


class MigrationFailed(pulumi.RunError):
    """The release ends here; what ran before runs on."""


def make_database(site: Site, service: Service, keep_data: bool) -> docker.Container:
    """Postgres, healthy before anything that depends on it starts."""
    return make_container(site, service, [], extras=Extras(volume=make_volume(site.engine, service, keep_data)))


def migrate(site: Site, service: Service, database: docker.Container) -> pulumi.Output[pulumi.Resource]:
    """Run the migration of this release once; the result is known only when it succeeded.

    For the provider a job that fails is a success with an exit code, so the code is judged here. It stays in the state:
    until the job is run again (new code does that; `make up` too), every `up` ends at the same place.
    """
    job = make_container(site, service, [database])

    def require_success(result: tuple[int | None, str, str | None]) -> pulumi.Resource:
        code, name, logs = result
        if code:
            last = "\n  ".join((logs or "").strip().splitlines()[-8:])
            raise MigrationFailed(
                f"the migration failed (exit code {code}); the release stops here and what ran before runs on.\n  {last}\n"
                f"All of it: docker logs {name}. When the cause is gone: make up"
            )
        return job

    return pulumi.Output.all(job.exit_code, job.name, job.container_logs).apply(lambda result: require_success(tuple(result)))
