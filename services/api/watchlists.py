"""A user's named lists of symbols, in Postgres. Whatever is another owner's does not exist."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.api.database import WatchlistRow
from services.api.errors import Problem, unavailable
from services.api.logs import logger
from services.contract.quotes import Moment
from services.contract.symbols import SYMBOL_PATTERN, Symbol

SYMBOLS_MAX = 200
LISTS_MAX = 50
NAME_PATTERN = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
"""No control characters, no blank at either end."""
T = WatchlistRow.__table__

log = logger(__name__)


DescribedSymbol = Annotated[Symbol, WithJsonSchema({"type": "string", "pattern": f"^{SYMBOL_PATTERN}$"})]


class WatchlistInput(BaseModel):
    """What a user may set. Symbols keep their order, each once."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=NAME_PATTERN)]
    symbols: Annotated[list[DescribedSymbol], Field(max_length=SYMBOLS_MAX)] = Field(default_factory=list)

    @field_validator("symbols")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        return list(dict.fromkeys(value))


class Watchlist(WatchlistInput):
    """A stored list."""

    id: UUID
    createdAt: Moment  # noqa: N815 - the name on the wire
    updatedAt: Moment  # noqa: N815


def _watchlist(row: object) -> Watchlist:
    fields: dict[str, object] = dict(row._mapping)  # type: ignore[attr-defined]
    created, updated = fields.pop("created_at"), fields.pop("updated_at")
    fields.pop("owner")
    return Watchlist.model_validate(fields | {"createdAt": created, "updatedAt": updated})


class Watchlists:
    """Every method acts for one owner. Raises Problem: 404, 409, 503."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def all(self, owner: str) -> list[Watchlist]:
        async with self._connection() as connection:
            rows = await connection.execute(select(T).where(T.c.owner == owner).order_by(T.c.created_at, T.c.id))
            return [_watchlist(row) for row in rows]

    async def one(self, owner: str, number: UUID) -> Watchlist:
        async with self._connection() as connection:
            row = (await connection.execute(select(T).where(T.c.owner == owner, T.c.id == number))).first()
        return _found(row)

    async def create(self, owner: str, given: WatchlistInput) -> Watchlist:
        async with self._connection() as connection:
            count = await connection.scalar(select(func.count()).select_from(T).where(T.c.owner == owner))
            if count is not None and count >= LISTS_MAX:
                raise Problem(409, f"there are {count} lists already, {LISTS_MAX} at most")
            values = {"id": uuid4(), "owner": owner, "name": given.name, "symbols": given.symbols}
            row = (await connection.execute(T.insert().values(values).returning(T))).first()  # type: ignore[attr-defined]
        return _found(row)

    async def replace(self, owner: str, number: UUID, given: WatchlistInput) -> Watchlist:
        change = {"name": given.name, "symbols": given.symbols, "updated_at": func.now()}
        async with self._connection() as connection:
            statement = update(T).where(T.c.owner == owner, T.c.id == number).values(change).returning(T)  # type: ignore[arg-type]
            row = (await connection.execute(statement)).first()
        return _found(row)

    async def remove(self, owner: str, number: UUID) -> None:
        async with self._connection() as connection:
            statement = delete(T).where(T.c.owner == owner, T.c.id == number).returning(T.c.id)  # type: ignore[arg-type]
            row = (await connection.execute(statement)).first()
        if row is None:
            raise Problem(404, "no such watchlist")

    async def is_reachable(self) -> bool:
        """For readiness and status."""
        try:
            async with self._connection() as connection:
                await connection.execute(select(1))
        except Problem:
            return False
        return True

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise Problem(409, "a watchlist of this name exists already") from None
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("the database is away", error=type(error).__name__)
            raise unavailable("watchlists need the database, which is away") from None


def _found(row: object | None) -> Watchlist:
    if row is None:
        raise Problem(404, "no such watchlist")
    return _watchlist(row)
