"""`/api/v1/watchlists`: CRUD for the signed-in user only."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel

from services.api.auth import TokenCheck, User
from services.api.errors import Problem, problems
from services.api.platform import Platform
from services.api.watchlists import Watchlist, WatchlistInput, Watchlists

PATH = "/api/v1/watchlists"
EXAMPLE = {"name": "Banks", "symbols": ["HDFCBANK", "ICICIBANK", "SBIN"]}


class WatchlistList(BaseModel):
    """All lists of the user, oldest first."""

    watchlists: list[Watchlist]


def signed_in_user(platform: Platform) -> Callable[..., Awaitable[User]]:
    """Dependency: the user behind the request's token, or the request ends with 401, 501 or 503."""

    async def user(authorization: Annotated[str | None, Header(max_length=9_000)] = None) -> User:
        check: TokenCheck | None = platform.token_check
        if check is None:
            raise Problem(501, "signing in is not set up here (AUTH_MODE is off)")
        return await check.user(authorization)

    return user


def stored_lists(platform: Platform) -> Callable[[], Watchlists]:
    """Dependency: the lists, or 501."""

    def lists() -> Watchlists:
        if platform.watchlists is None:
            raise Problem(501, "no database is set up here (DATABASE_HOST is not set)")
        return platform.watchlists

    return lists


def watchlist_routes(platform: Platform) -> APIRouter:
    """501 where no issuer or no database is set up."""
    router = APIRouter(prefix=PATH, tags=["watchlists"])

    signed_in = Annotated[User, Depends(signed_in_user(platform))]
    store = Annotated[Watchlists, Depends(stored_lists(platform))]
    reading, writing = problems(401, 422, 429, 501, 503), problems(400, 401, 409, 422, 429, 501, 503)

    @router.get("", response_model=WatchlistList, responses=reading)
    async def all_watchlists(who: signed_in, held: store) -> WatchlistList:
        """All lists of the user."""
        return WatchlistList(watchlists=await held.all(who.subject))

    @router.post(
        "", response_model=Watchlist, status_code=201, responses=writing,
        openapi_extra={"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}},
    )  # fmt: skip
    async def create_watchlist(given: WatchlistInput, who: signed_in, held: store, response: Response) -> Watchlist:
        """Make a list; its name must be new."""
        made = await held.create(who.subject, given)
        response.headers["Location"] = f"{PATH}/{made.id}"
        return made

    @router.get("/{number}", response_model=Watchlist, responses=reading | problems(404))
    async def one_watchlist(number: UUID, who: signed_in, held: store) -> Watchlist:
        """One list of the user."""
        return await held.one(who.subject, number)

    @router.put("/{number}", response_model=Watchlist, responses=writing | problems(404))
    async def replace_watchlist(number: UUID, given: WatchlistInput, who: signed_in, held: store) -> Watchlist:
        """Give a list another name and other symbols."""
        return await held.replace(who.subject, number, given)

    @router.delete("/{number}", status_code=204, responses=reading | problems(404))
    async def remove_watchlist(number: UUID, who: signed_in, held: store) -> Response:
        """Remove a list."""
        await held.remove(who.subject, number)
        return Response(status_code=204)

    return router
