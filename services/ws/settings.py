"""Everything the node reads from its environment, validated at once; the only reader of os.environ in services.ws.

Secrets come as files (`*_FILE`). Limits are settings because browsers, load tests and attackers differ by configuration.
"""

import secrets
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.contract import endpoints, keyspace
from services.contract.symbols import parse_symbol


class SettingsError(Exception):
    """The environment cannot be used; the text names every wrong variable."""


class WsSettings(BaseSettings):
    """One field per variable, named as the variable in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    port: int = Field(endpoints.WS_PORT, ge=0, le=65535, validation_alias=AliasChoices("PORT", "WS_PORT"))
    bind_address: str = "0.0.0.0"  # noqa: S104 - a container's own network decides who reaches it
    app_env: Literal["development", "production"] = Field("development", validation_alias=AliasChoices("APP_ENV", "NODE_ENV"))
    api_base: str = "http://api:5000"
    redis_host: str = "redis"
    redis_port: int = Field(endpoints.REDIS_PORT, ge=1, le=65535)
    redis_tls: bool = False
    redis_ca_file: Path | None = None
    redis_password_file: Path | None = None
    redis_password: str | None = Field(None, repr=False)
    redis_channel_updates: str = keyspace.CHANNEL_UPDATES
    redis_channel_subscriptions: str = keyspace.CHANNEL_SUBSCRIPTIONS
    redis_channel_control: str = keyspace.CHANNEL_CONTROL
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:8080", "http://127.0.0.1:8080")
    control_key_file: Path | None = None
    client_key_file: Path | None = None
    release: str = "dev"
    node_id: str = Field(default_factory=lambda: f"ws-{secrets.token_hex(6)}")
    default_symbols: Annotated[tuple[str, ...], NoDecode] = ("RELIANCE", "TCS", "INFY", "HDFCBANK", "ICICIBANK")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Tokens (optional): the same names and meaning as in the API.
    auth_mode: Literal["off", "jwks", "hs256"] = "off"
    auth_issuer: str | None = None
    auth_audience: str = "authenticated"
    auth_jwks_url: str | None = None
    auth_secret_file: Path | None = None
    require_token: bool = False

    # Limits.
    trusted_hops: int = Field(1, ge=0, description="proxies in front that append to X-Forwarded-For")
    max_connections: int = Field(12_000, ge=1)
    max_connections_per_address: int = Field(12_000, ge=1)
    handshakes_per_second: float = Field(2_000, gt=0)
    handshake_burst: int = Field(12_000, ge=1)
    max_symbols: int = Field(100, ge=1, description="symbols one client may hold")
    frames_per_second: float = Field(50, gt=0)
    frame_burst: int = Field(200, ge=1)
    max_message_bytes: int = Field(16_384, ge=256)
    bad_messages: int = Field(10, ge=1, description="refused requests after which a client is closed")
    first_message_seconds: float = Field(5, gt=0)
    handshake_seconds: float = Field(10, gt=0)

    # Slow clients.
    send_buffer_bytes: int = Field(131_072, ge=4_096, description="kernel send buffer of one socket; who fills it is conflated")
    write_cap_bytes: int = Field(524_288, ge=65_536, description="buffer at which a client is cut at once")
    write_deadline_seconds: float = Field(5, gt=0)
    ping_seconds: float = Field(20, gt=0)

    hold_max_seconds: float = Field(0.1, ge=0, description="how long an update waits for company when the core is full")
    drain_seconds: float = Field(5, ge=0)

    @field_validator("allowed_origins", "default_symbols", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            if scheme not in ("http", "https") or not rest or "/" in rest or "*" in rest:
                raise ValueError(f"expected scheme://host[:port] without path or wildcard, got {origin!r}")
        return value

    @field_validator("default_symbols")
    @classmethod
    def _symbols(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("expected at least one symbol: readiness is judged by them")
        return tuple(parse_symbol(symbol) for symbol in value)

    @field_validator("api_base")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(f"expected an http or https address, got {value!r}")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _tokens_need_keys(self) -> Self:
        needed = {"off": (), "jwks": ("auth_issuer", "auth_jwks_url"), "hs256": ("auth_issuer", "auth_secret_file")}
        missing = [name.upper() for name in needed[self.auth_mode] if not getattr(self, name)]
        if missing:
            raise ValueError(f"AUTH_MODE={self.auth_mode} needs {' and '.join(missing)}")
        if self.require_token and self.auth_mode == "off":
            raise ValueError("REQUIRE_TOKEN needs an AUTH_MODE, else nobody could be admitted")
        return self

    def secret(self, name: Literal["redis_password", "control_key", "client_key", "auth_secret"]) -> str | None:
        """The secret's text from its file, or None when no file is named.

        Raises:
            SettingsError: the file cannot be read or is empty.
        """
        path: Path | None = getattr(self, f"{name}_file")
        if path is None:
            return self.redis_password if name == "redis_password" else None
        try:
            text = path.read_text().strip()
        except OSError as error:
            raise SettingsError(f"{name.upper()}_FILE: cannot read {path}: {error.strerror}") from error
        if not text:
            raise SettingsError(f"{name.upper()}_FILE: {path} is empty")
        return text


def load() -> WsSettings:
    """Read the environment.

    Raises:
        SettingsError: one line per wrong variable with what was expected and got.
    """
    try:
        return WsSettings()
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}" for item in error.errors()]
        raise SettingsError("the environment of services.ws is wrong:\n" + "\n".join(lines)) from error
