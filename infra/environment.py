"""Each service's variables, from settings and addresses. Names are the services' own; a test holds both sides together.

Secrets appear only as the paths of their files.
"""

from infra.settings import Settings
from services.contract import keyspace
from services.contract.endpoints import API_PORT, DATABASE_PORT, REDIS_PORT, WS_PORT

SECRET_DIR = "/run/secrets"  # noqa: S105 - a folder

_CHANNELS = {
    "REDIS_CHANNEL_UPDATES": keyspace.CHANNEL_UPDATES,
    "REDIS_CHANNEL_SUBSCRIPTIONS": keyspace.CHANNEL_SUBSCRIPTIONS,
    "REDIS_CHANNEL_CONTROL": keyspace.CHANNEL_CONTROL,
}
_REDIS = {
    "REDIS_HOST": "redis",
    "REDIS_PORT": str(REDIS_PORT),
    "REDIS_TLS": "false",
    "REDIS_PASSWORD_FILE": f"{SECRET_DIR}/redis_password",
    **_CHANNELS,
}
_DATABASE = {
    "DATABASE_HOST": "database",
    "DATABASE_PORT": str(DATABASE_PORT),
    "DATABASE_NAME": "stock_tracker",
    "DATABASE_USER": "stock_tracker",
    "DATABASE_PASSWORD_FILE": f"{SECRET_DIR}/postgres_password",
}
_KEYS = {"CONTROL_KEY_FILE": f"{SECRET_DIR}/control_key", "CLIENT_KEY_FILE": f"{SECRET_DIR}/client_key"}


def _shared(settings: Settings) -> dict[str, str]:
    return {
        "APP_ENV": settings.app_env,
        "ALLOWED_ORIGINS": ",".join(settings.origins),
        "DEFAULT_SYMBOLS": ",".join(settings.default_symbols),
        "LOG_LEVEL": "INFO",
        **_KEYS,
    }


def api_environment(settings: Settings, replay_dir: str) -> dict[str, str]:
    """Variables of the API; `replay_dir` is where its container sees the recorded days."""
    speed = settings.replay_speed
    replay = {
        "REPLAY_DIR": replay_dir,
        "REPLAY_DAY": str(settings.replay_day),
        "REPLAY_SPEED": speed if isinstance(speed, str) else f"{speed:g}",
    }
    return {
        "PORT": str(API_PORT),
        "SOURCE": settings.source,
        **_shared(settings),
        **_REDIS,
        **_DATABASE,
        **(replay if settings.source == "replay" else {}),
    }


def migration_environment() -> dict[str, str]:
    """Variables of the one-shot migration: it needs the database only."""
    return dict(_DATABASE)


def ws_environment(settings: Settings) -> dict[str, str]:
    """Variables of a WebSocket node."""
    return {"PORT": str(WS_PORT), "API_BASE": f"http://api:{API_PORT}", **_shared(settings), **_REDIS}


def edge_environment(settings: Settings) -> dict[str, str]:
    """Variables of the edge: some browsers do not take 'self' for the socket of the same host, so sockets are named."""
    return {"CONNECT_SOURCES": " ".join(f"ws{origin.removeprefix('http')}" for origin in settings.origins)}


def page_config(settings: Settings) -> dict[str, str]:
    """The page's runtime configuration; same origin unless configured otherwise."""
    return {"VITE_APP_ENV": settings.app_env, **settings.page}
