"""Where the database is: all that a migration needs to know, and the part of it that every process of the API shares."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from services.api.environment import read_secret
from services.contract.endpoints import DATABASE_PORT


class DatabaseSettings(BaseSettings):
    """All that the migration needs to know."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore", populate_by_name=True)

    database_url: str | None = Field(None, validation_alias="ConnectionStrings__DefaultConnection", repr=False)
    database_host: str | None = None
    database_port: Annotated[int, Field(ge=1, le=65535)] = DATABASE_PORT
    database_name: str = "stock_tracker"
    database_user: str = "stock_tracker"
    database_password_file: Path | None = None

    def database_dsn(self) -> str | None:
        """SQLAlchemy URL for asyncpg; None when no database is configured."""
        if self.database_url:
            return "postgresql+asyncpg://" + self.database_url.split("://", 1)[-1]
        if self.database_host is None:
            return None
        password = read_secret(self.database_password_file) if self.database_password_file else None
        return URL.create(
            "postgresql+asyncpg", self.database_user, password, self.database_host, self.database_port, self.database_name
        ).render_as_string(hide_password=False)

    def secrets(self) -> list[str]:
        """Every secret value in use, for redaction."""
        found = [read_secret(self.database_password_file)] if self.database_password_file else []
        if self.database_url and (password := urlsplit(self.database_url).password):
            found.append(password)
        return found

    @field_validator("database_password_file")
    @classmethod
    def _readable_password(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_secret(value)
        return value
