"""The only reader of pulumi.Config. Every wrong value is reported at once: key, got, expected, next command.

Plain values become one frozen model; secrets stay Outputs beside it and never pass through the model.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import pulumi
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.contract.symbols import Symbol

SECRETS = {
    "redis_password": "redisPassword",
    "postgres_password": "postgresPassword",
    "control_key": "controlKey",
    "client_key": "clientKey",
}
"""Name of the file in /run/secrets -> config key."""

PUBLIC_PAGE_KEYS = (
    "VITE_SUPABASE_URL", "VITE_SUPABASE_PUBLISHABLE_KEY", "VITE_SUPABASE_PROJECT_ID", "VITE_API_BASE_URL",
    "VITE_WS_URL", "VITE_ENABLE_WEBSOCKET", "VITE_FALLBACK_TO_POLLING",
)  # fmt: skip
NOT_YET = ("swarm", "cloud")
_LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.|\[::1\])")


class SettingsError(pulumi.RunError):
    """The stack's configuration cannot be used. A RunError, so Pulumi shows the text alone, without a traceback."""


def _comma_list(value: Any) -> Any:
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip())) if isinstance(value, str) else value


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.\-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?", value):
        raise ValueError(value)
    return value


def _lacks_target(value: str) -> str:
    if value in NOT_YET:
        raise ValueError(value)
    return value


Replicas = Annotated[int, Field(ge=1, le=20, description="a whole number from 1 to 20")]


class Settings(BaseModel):
    """What one stack was told, without its secrets. `description` is what an error names as expected."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    target: Annotated[Literal["docker"], BeforeValidator(_lacks_target)] = Field("docker", description="docker")
    docker_host: str | None = Field(
        None, pattern=r"^(unix|tcp|ssh|npipe)://.+", description="an address such as unix:///var/run/docker.sock"
    )
    owner: str = Field(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,62}$", description="a short name for this checkout, a-z 0-9 . _ -")

    port: int = Field(8080, ge=1, le=65535, description="a port number from 1 to 65535")
    bind_address: Annotated[str, BeforeValidator(_address)] = Field("127.0.0.1", description="an IP address of this host")
    api_replicas: Replicas = 2
    ws_replicas: Replicas = 2
    web_replicas: Replicas = 2

    app_env: Literal["development", "production"] = Field("development", description="development or production")
    source: Literal["simulated", "replay", "nse", "twelve_data", "alpha_vantage"] = Field(
        "simulated", description="simulated, replay, nse, twelve_data or alpha_vantage"
    )
    replay_day: date | None = Field(None, description="a day, YYYY-MM-DD")
    replay_speed: Annotated[float, Field(ge=1, le=1000)] | Literal["max"] = Field(
        1, description="a number from 1 to 1000, or max"
    )
    market_data_dir: Path | None = Field(None, description="an absolute folder")
    default_symbols: Annotated[tuple[Symbol, ...], BeforeValidator(_comma_list)] = Field(
        ("RELIANCE", "TCS", "HDFCBANK", "ICICIBANK", "INFY", "BHARTIARTL", "SBIN", "ITC", "LT", "AXISBANK"),
        min_length=1,
        description="symbols separated by commas, such as RELIANCE,TCS",
    )
    allowed_origins: Annotated[tuple[Annotated[str, BeforeValidator(_origin)], ...], BeforeValidator(_comma_list)] = Field(
        (), description="exact origins separated by commas, such as https://stocks.example (lower case, no path, no *)"
    )
    keep_data: bool = Field(True, description="true or false")
    page: Mapping[str, str] = Field(default_factory=dict, description="public values of the page")

    @property
    def host(self) -> str:
        """The address to type on this machine."""
        return "127.0.0.1" if self.bind_address == "0.0.0.0" else self.bind_address  # noqa: S104 - compared, not bound

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins a page may come from: what was configured, else the stack's own addresses."""
        own = (f"http://{self.host}:{self.port}", f"http://localhost:{self.port}")
        return self.allowed_origins or tuple(dict.fromkeys(own))

    def contradictions(self) -> list[str]:
        """What each value alone does not show, as lines of an error."""
        wrong = []
        if self.source == "replay":
            wrong += _replay_problems(self)
        if self.app_env == "production":
            if self.source == "simulated":
                wrong.append("source: got simulated, refused with appEnv production: made-up prices must never pass as real")
            wrong += [f"allowedOrigins: got {o}, refused with appEnv production" for o in self.origins if _LOCAL_ORIGIN.match(o)]
        return wrong


def _replay_problems(settings: Settings) -> list[str]:
    day, folder = settings.replay_day, settings.market_data_dir
    if day is None or folder is None:
        return ["source: got replay, which needs replayDay and marketDataDir.  make replay DAY=YYYY-MM-DD"]
    if settings.docker_host and not settings.docker_host.startswith("unix:"):
        return []  # the folder is the other host's
    if not folder.is_absolute():
        return [f"marketDataDir: got {folder}, expected an absolute folder"]
    if not any(next(folder.rglob(f"{day}{ending}"), None) for ending in (".csv", ".csv.gz")):
        return [f"replayDay: got {day}, expected a day with {day}.csv or {day}.csv.gz below {folder}"]
    return []


@dataclass(frozen=True)
class StackSettings:
    """Settings and secrets of the running program's stack."""

    settings: Settings
    secrets: Mapping[str, pulumi.Output[str]]


def load_settings() -> StackSettings:
    """Read and check the configuration of the current stack.

    Raises:
        SettingsError: every wrong, unknown or missing key, one a line.
    """
    config = pulumi.Config()
    prefix = f"{config.name}:"
    keys = [key.removeprefix(prefix) for key in pulumi.runtime.get_config_env() if key.startswith(prefix)]
    values = {key: config.get(key) for key in keys if key not in SECRETS.values()}
    secret_values = {name: config.get(key) for name, key in SECRETS.items()}
    settings = check(values, secret_values)
    return StackSettings(settings, {name: config.require_secret(key) for name, key in SECRETS.items()})


def check(values: Mapping[str, str | None], secrets: Mapping[str, str | None]) -> Settings:
    """The pure half of `load_settings`: `values` by config key, `secrets` by file name. No secret is ever quoted.

    Raises:
        SettingsError: as `load_settings`.
    """
    wrong = [f"{key}: {_public_secret(key)}" for key in values if key.startswith("VITE_") and key not in PUBLIC_PAGE_KEYS]
    page = {key: value for key, value in values.items() if key in PUBLIC_PAGE_KEYS}
    plain = {key: value for key, value in values.items() if not key.startswith("VITE_")}
    settings = None
    try:
        settings = Settings.model_validate({**plain, "page": page})
    except ValidationError as error:
        wrong += sorted({_line(item) for item in error.errors()})
    if settings:
        wrong += settings.contradictions()
    wrong += [
        f"{SECRETS[name]}: missing or shorter than 16 characters.  ./pulumiw config set --secret {SECRETS[name]}"
        for name, value in secrets.items()
        if len(value or "") < 16
    ]
    if wrong or settings is None:
        count = "1 configuration value" if len(wrong) == 1 else f"{len(wrong)} configuration values"
        raise SettingsError(f"{count} of this stack cannot be used; nothing was changed:\n  " + "\n  ".join(wrong))
    return settings


def _line(item: Any) -> str:
    key = str(item["loc"][0])
    if item["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in Settings.model_fields.items() if name != "page"] + list(SECRETS.values())
        close = get_close_matches(key, known, n=1)
        meant = f"did you mean {close[0]}?  " if close else ""
        return f"{key}: unknown key; {meant}./pulumiw config rm {key}"
    field = next(field for name, field in Settings.model_fields.items() if key in (name, field.alias))
    if item["type"] == "missing":
        return f"{key}: missing, expected {field.description}.  tools/bootstrap makes it; or: ./pulumiw config set {key} VALUE"
    if key == "target" and item["input"] in NOT_YET:
        return f"target: got {item['input']}, which this version cannot deploy to yet.  ./pulumiw config set target docker"
    got = ",".join(item["input"]) if isinstance(item["input"], tuple) else item["input"]
    return f"{key}: got {got!r}, expected {field.description}.  ./pulumiw config set {key} VALUE"


def _public_secret(key: str) -> str:
    if re.search(r"KEY|SECRET|TOKEN|PASSWORD", key):
        name = re.sub(r"_([a-z])", lambda match: match[1].upper(), key.removeprefix("VITE_").lower())
        return f"would be public in every browser. Move it: ./pulumiw config rm {key}; ./pulumiw config set --secret {name}"
    return f"is no value the page reads ({', '.join(PUBLIC_PAGE_KEYS)}).  ./pulumiw config rm {key}"
