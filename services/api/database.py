"""The connection to Postgres and the tables; bounded waits everywhere, so that a lost database costs watchlists and nothing
else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CONNECT_SECONDS = 3.0
COMMAND_SECONDS = 5.0
POOL_SIZE = 5
POOL_WAIT_SECONDS = 2.0


class Base(DeclarativeBase):
    """All tables."""


class WatchlistRow(Base):
    """One named list of one owner (the `sub` of a token)."""

    __tablename__ = "watchlists"
    __table_args__ = (UniqueConstraint("owner", "name", name="watchlists_owner_name_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(80))
    symbols: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


def connect_arguments() -> dict[str, Any]:
    """asyncpg's: no wait without an end."""
    return {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS, "server_settings": {"application_name": "stk-api"}}


def make_engine(dsn: str) -> AsyncEngine:
    """A small pool that notices dead connections."""
    return create_async_engine(
        dsn,
        connect_args=connect_arguments(),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
    )
