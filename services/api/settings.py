"""What an API process is told by its environment, and what of that fits together. Secrets are files.

The owner's .NET names (`ConnectionStrings__Redis`, `Cors__AllowedOrigins__0`, `Serilog__MinimumLevel__Default`, ...) are
accepted as aliases. What a value means to the platform is decided by its user; here only that it is well-formed.
"""

import re
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource

from services.api.database_settings import DatabaseSettings
from services.api.environment import NumberedNames, read_secret
from services.api.upstreams.addresses import check_base_url
from services.contract.endpoints import API_PORT, REDIS_PORT
from services.contract.keyspace import CHANNEL_CONTROL, CHANNEL_SUBSCRIPTIONS, CHANNEL_UPDATES
from services.contract.symbols import Symbol

SERILOG_LEVELS = {
    "verbose": "DEBUG", "debug": "DEBUG", "information": "INFO", "info": "INFO", "warning": "WARNING",
    "error": "ERROR", "fatal": "CRITICAL", "critical": "CRITICAL",
}  # fmt: skip
_ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.\-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_LOCALHOST = re.compile(r"https?://(localhost|127\.|\[::1\])", re.IGNORECASE)

SourceName = Literal["simulated", "replay", "nse", "twelve_data", "alpha_vantage"]
Scenario = Literal["open", "halt", "mute", "out-of-order", "holiday"]
Count = Annotated[int, Field(ge=1)]


class Settings(DatabaseSettings):
    """What this process was told. Immutable."""

    host: str = "0.0.0.0"  # noqa: S104 - a container's only way in is its network
    port: Annotated[int, Field(ge=1, le=65535)] = API_PORT
    app_env: Literal["development", "production"] = Field(
        "development", validation_alias=AliasChoices("APP_ENV", "ASPNETCORE_ENVIRONMENT")
    )
    node_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")] = Field(default_factory=lambda: f"api-{uuid4().hex[:12]}")
    release: str = "dev"
    log_level: str = Field("INFO", validation_alias=AliasChoices("LOG_LEVEL", "Serilog__MinimumLevel__Default"))
    log_level_overrides: dict[str, str] = Field(default_factory=dict)

    redis_url: str | None = Field(None, validation_alias="ConnectionStrings__Redis", repr=False)
    redis_host: str = "localhost"
    redis_port: Annotated[int, Field(ge=1, le=65535)] = REDIS_PORT
    redis_tls: bool = False
    redis_ca_file: Path | None = None
    redis_password_file: Path | None = None
    redis_pool_size: Count = 16
    redis_channel_updates: str = Field(
        CHANNEL_UPDATES, validation_alias=AliasChoices("REDIS_CHANNEL_UPDATES", "Redis__ChannelUpdates")
    )
    redis_channel_subscriptions: str = Field(
        CHANNEL_SUBSCRIPTIONS, validation_alias=AliasChoices("REDIS_CHANNEL_SUBSCRIPTIONS", "Redis__ChannelSubscriptions")
    )
    redis_channel_control: str = Field(
        CHANNEL_CONTROL, validation_alias=AliasChoices("REDIS_CHANNEL_CONTROL", "Redis__ChannelControl")
    )

    source: SourceName = "simulated"
    default_symbols: Annotated[tuple[Symbol, ...], NoDecode] = ()
    replay_dir: Path | None = None
    replay_day: date | None = None
    replay_speed: Annotated[float, Field(ge=1, le=1000)] | Literal["max"] = 1.0
    simulation_seed: int = 1
    simulation_scenario: Scenario = "open"
    simulation_speed: Annotated[float, Field(ge=1, le=1000)] = 1.0

    poll_seconds: Annotated[float, Field(gt=0, le=3600)] = 5.0
    poll_closed_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600.0
    stale_after_seconds: Annotated[float, Field(gt=0, le=900)] = 15.0
    no_data_after_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    breaker_seconds: Annotated[float, Field(gt=0, le=900)] = 60.0
    nse_base_url: str = Field("https://www.nseindia.com", validation_alias=AliasChoices("NSE_BASE_URL", "NSE__BaseUrl"))
    twelve_data_base_url: str = "https://api.twelvedata.com"
    twelve_data_api_key_file: Path | None = None
    twelve_data_api_key: SecretStr | None = Field(None, validation_alias="TwelveData__ApiKey")
    alpha_vantage_base_url: str = "https://www.alphavantage.co"
    alpha_vantage_api_key_file: Path | None = None
    alpha_vantage_api_key: SecretStr | None = Field(None, validation_alias="AlphaVantage__ApiKey")
    gemini_base_url: str = "https://generativelanguage.googleapis.com"
    gemini_model: Annotated[str, Field(pattern=r"^[a-z0-9.\-]{1,60}$")] = "gemini-2.5-flash"
    gemini_api_key_file: Path | None = None

    auth_mode: Literal["off", "jwks", "hs256"] = "off"
    auth_issuer: str | None = None
    auth_audience: str = "authenticated"
    auth_jwks_url: str | None = None
    auth_secret_file: Path | None = None

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_hops: Annotated[int, Field(ge=0, le=5)] = 1
    rate_limit_per_minute: Count = 60_000
    rate_limit_upstream_per_minute: Count = 600
    control_key_file: Path | None = None
    client_key_file: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, NumberedNames(settings_cls)

    @field_validator("default_symbols", "allowed_origins", mode="before")
    @classmethod
    def _comma_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        return value

    @field_validator("app_env", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _level(cls, value: Any) -> Any:
        if str(value).lower() not in SERILOG_LEVELS:
            raise ValueError(f"expected one of {', '.join(sorted(SERILOG_LEVELS))}")
        return SERILOG_LEVELS[str(value).lower()]

    @field_validator("log_level_overrides", mode="after")
    @classmethod
    def _levels(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = {name: level for name, level in value.items() if level.lower() not in SERILOG_LEVELS}
        if unknown:
            raise ValueError(f"expected one of {', '.join(sorted(SERILOG_LEVELS))} for each, got {unknown}")
        return {name.lower(): SERILOG_LEVELS[level.lower()] for name, level in value.items()}

    @field_validator("allowed_origins", mode="after")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no exact origin: expected scheme://host[:port] in lower case, no path and no '*'"
                    " (requests carry credentials)"
                )
        return value

    @field_validator(
        "redis_password_file", "control_key_file", "client_key_file", "redis_ca_file", "twelve_data_api_key_file",
        "alpha_vantage_api_key_file", "gemini_api_key_file", "auth_secret_file",
    )  # fmt: skip
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_secret(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = []
        if self.source == "replay" and (self.replay_dir is None or self.replay_day is None):
            wrong.append("SOURCE=replay needs REPLAY_DIR (a folder) and REPLAY_DAY (YYYY-MM-DD)")
        if self.app_env == "production":
            if self.source == "simulated":
                wrong.append("SOURCE=simulated is refused with APP_ENV=production: users must never see made-up prices as real")
            wrong += [
                f"ALLOWED_ORIGINS: {o!r} is refused with APP_ENV=production" for o in self.allowed_origins if _LOCALHOST.match(o)
            ]
        wrong += self._wrong_urls()
        wrong += self._wrong_auth()
        if wrong:
            raise ValueError("\n  ".join(wrong))
        return self

    def _wrong_urls(self) -> list[str]:
        wrong = []
        for name in ("nse_base_url", "twelve_data_base_url", "alpha_vantage_base_url", "gemini_base_url", "auth_jwks_url"):
            url = getattr(self, name)
            try:
                if url is not None:
                    check_base_url(url, production=self.app_env == "production")
            except ValueError as error:
                wrong.append(f"{name.upper()}: {error}")
        return wrong

    def _wrong_auth(self) -> list[str]:
        needed = {"off": (), "jwks": ("auth_issuer", "auth_jwks_url"), "hs256": ("auth_issuer", "auth_secret_file")}[
            self.auth_mode
        ]
        return [f"AUTH_MODE={self.auth_mode} needs {name.upper()}" for name in needed if getattr(self, name) is None]

    def api_key(self, service: Literal["twelve_data", "alpha_vantage", "gemini"]) -> str | None:
        """A service's key, from its file or (as the owner's names have it) from the environment; None when not set up."""
        file: Path | None = getattr(self, f"{service}_api_key_file")
        if file is not None:
            return read_secret(file)
        value: SecretStr | None = getattr(self, f"{service}_api_key", None)
        return value.get_secret_value() if value else None

    def auth_secret(self) -> str | None:
        return read_secret(self.auth_secret_file) if self.auth_secret_file else None

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"

    @cached_property
    def redis_address(self) -> tuple[str, int, bool]:
        """Host, port, TLS."""
        if self.redis_url:
            parts = urlsplit(self.redis_url if "://" in self.redis_url else f"redis://{self.redis_url}")
            return parts.hostname or "localhost", parts.port or REDIS_PORT, parts.scheme == "rediss"
        return self.redis_host, self.redis_port, self.redis_tls

    def redis_password(self) -> str | None:
        """Read anew at each connection, so that a rotated file needs no restart."""
        if self.redis_url and (password := urlsplit(self.redis_url).password):
            return unquote(password)
        return read_secret(self.redis_password_file) if self.redis_password_file else None

    def control_key(self) -> str | None:
        return read_secret(self.control_key_file) if self.control_key_file else None

    def secrets(self) -> list[str]:
        found = [self.redis_password(), self.control_key(), self.auth_secret()]
        found += [self.api_key("twelve_data"), self.api_key("alpha_vantage"), self.api_key("gemini")]
        found += [read_secret(self.client_key_file)] if self.client_key_file else []
        return super().secrets() + [value for value in found if value]
