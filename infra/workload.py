"""What the platform consists of, as data that no target and no resource is named in. A target is a function of this.

Sizes are for one host; order is in `after`: a service starts when those it names are healthy (a job: have succeeded).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.environment import api_environment, edge_environment, migration_environment, page_config, ws_environment
from infra.settings import Settings
from services.contract.endpoints import API_PORT, EDGE_PORT, READY, WEB_PORT, WS_PORT

FRONT, CACHE, DB, OUTWARD = "front", "cache", "db", "outward"
INTERNAL_NETWORKS = (FRONT, CACHE, DB)
"""No way out of these; OUTWARD is for the edge's port and for the API's upstreams."""

REPLAY_DIR = "/srv/market-data"
PAGE_CONFIG_FILE = "/srv/config/config.json"


@dataclass(frozen=True)
class Volume:
    """Data that outlives its container."""

    name: str
    path: str


@dataclass(frozen=True)
class Service:
    """One kind of container. A service without a probe is a job: it runs once, to its end."""

    name: str
    image: str
    networks: tuple[str, ...]
    memory_mb: int
    probe: tuple[str, ...] = ()
    ready_within_seconds: int = 120
    grace_seconds: int = 10
    replicas: int = 1
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    data: Volume | None = None
    host_folders: Mapping[str, str] = field(default_factory=dict)
    """Path in the container -> absolute folder of the host, read only."""
    after: tuple[str, ...] = ()
    tells_release: bool = False
    """Whether its part id is added to the environment as RELEASE."""


@dataclass(frozen=True)
class Workload:
    """Everything a target needs to know, but the secrets' values."""

    redis: Service
    database: Service
    migration: Service
    api: Service
    ws: Service
    web: Service
    edge: Service
    page_config: Mapping[str, str]
    """Content of PAGE_CONFIG_FILE in `web`, before RELEASE is added."""

    @property
    def services(self) -> tuple[Service, ...]:
        """In an order in which each comes after what it needs."""
        return (self.redis, self.database, self.migration, self.api, self.ws, self.web, self.edge)


def describe(settings: Settings) -> Workload:
    """The platform as `settings` want it."""
    replay = {REPLAY_DIR: str(settings.market_data_dir)} if settings.source == "replay" else {}
    return Workload(
        redis=Service(
            name="redis", image="redis", networks=(CACHE,), memory_mb=256, probe=("redis",),
            secrets=("redis_password",), data=Volume("redis-data", "/data"),
        ),
        database=Service(
            name="database", image="database", networks=(DB,), memory_mb=256, probe=("database",), grace_seconds=30,
            secrets=("postgres_password",), data=Volume("database-data", "/var/lib/postgresql/data"),
        ),
        migration=Service(
            name="migration", image="api", networks=(DB,), memory_mb=256,
            command=("python3", "-m", "services.api.migrate"),
            environment=migration_environment(), secrets=("postgres_password",), after=("database",),
        ),
        api=Service(
            name="api", image="api", networks=(FRONT, CACHE, DB, OUTWARD), memory_mb=384,
            probe=("http", str(API_PORT), READY), replicas=settings.api_replicas,
            environment=api_environment(settings, REPLAY_DIR),
            secrets=("redis_password", "postgres_password", "control_key", "client_key"),
            host_folders=replay, after=("redis", "database", "migration"), tells_release=True,
        ),
        ws=Service(
            name="ws", image="ws", networks=(FRONT, CACHE), memory_mb=512,
            probe=("http", str(WS_PORT), READY), grace_seconds=15, replicas=settings.ws_replicas,
            environment=ws_environment(settings), secrets=("redis_password", "control_key", "client_key"),
            after=("redis", "api"), tells_release=True,
        ),
        web=Service(
            name="web", image="web", networks=(FRONT,), memory_mb=64,
            probe=("http", str(WEB_PORT), "/"), replicas=settings.web_replicas, after=("ws",),
        ),
        edge=Service(
            name="edge", image="edge", networks=(FRONT, OUTWARD), memory_mb=256,
            probe=("http", str(EDGE_PORT), "/edge/health"), grace_seconds=12,
            environment=edge_environment(settings), after=("api", "ws", "web"), tells_release=True,
        ),
        page_config=page_config(settings),
    )  # fmt: skip
