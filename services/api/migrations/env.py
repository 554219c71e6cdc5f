"""How Alembic reaches the database: asyncpg, one transaction for all steps, and no waiting for a lock longer than 3 s."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.api.database import Base, connect_arguments
from services.api.database_settings import DatabaseSettings
from services.api.environment import load_settings

LOCK_TIMEOUT_MS = 3_000


def run(connection: Connection) -> None:
    """All pending steps, or none."""
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
        context.run_migrations()


async def main() -> None:
    """Connect, run, disconnect."""
    dsn = load_settings(DatabaseSettings).database_dsn()
    if dsn is None:
        raise ValueError("no database is configured: set DATABASE_HOST (and DATABASE_PASSWORD_FILE)")
    engine = create_async_engine(dsn, connect_args=connect_arguments())
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


asyncio.run(main())
