"""The workload as containers of one Docker engine, in the order of real health."""

from infra.endpoints import Endpoints
from infra.images import build_images
from infra.settings import StackSettings
from infra.targets.docker.container import Site
from infra.targets.docker.database import make_database, migrate
from infra.targets.docker.engine import connect
from infra.targets.docker.network import make_networks
from infra.targets.docker.redis import make_redis
from infra.targets.docker.service import make_replicas
from infra.targets.docker.site import make_edge, make_page
from infra.workload import Workload
from services.contract.endpoints import STREAM


def deploy(stack: StackSettings, workload: Workload) -> Endpoints:
    """Declare every resource of the stack."""
    settings = stack.settings
    engine = connect(settings.docker_host, settings.owner)
    images = build_images(engine.prefix, engine.opts)
    site = Site(engine, make_networks(engine), images, stack.secrets)

    redis = make_redis(site, workload.redis, settings.keep_data)
    database = make_database(site, workload.database, settings.keep_data)
    migrated = migrate(site, workload.migration, database)
    api = make_replicas(site, workload.api, [redis, database, migrated])
    ws = make_replicas(site, workload.ws, [redis, *api])
    web = make_page(site, workload.web, workload.page_config, ws)
    make_edge(site, workload.edge, settings, [*api, *ws, *web])

    address = f"{settings.host}:{settings.port}"
    return Endpoints(
        url=f"http://{address}",
        api_url=f"http://{address}/api/v1",
        ws_url=f"ws://{address}{STREAM}",
        images=images.digests,
        release=images.release,
    )
