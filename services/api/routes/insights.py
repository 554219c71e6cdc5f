"""`GET /api/v1/insights/{symbol}`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from services.api.errors import Problem, problems, unavailable
from services.api.platform import Platform
from services.contract.quotes import Moment
from services.contract.symbols import SYMBOL_PATTERN, parse_symbol


class InsightAnswer(BaseModel):
    """`text` is null with a `reason` when the model withheld one; `stale`: older than ten minutes."""

    symbol: str
    text: str | None
    reason: Literal["blocked", "no text"] | None
    model: str | None
    truncated: bool
    stale: bool
    quoteTime: Moment  # noqa: N815 - the name on the wire


def insight_routes(platform: Platform) -> APIRouter:
    """501 without a key."""
    router = APIRouter(tags=["insights"])

    @router.get("/api/v1/insights/{symbol}", response_model=InsightAnswer, responses=problems(404, 422, 429, 501, 503))
    async def insight(
        symbol: Annotated[str, Path(pattern=f"^{SYMBOL_PATTERN}$", examples=["RELIANCE"])], response: Response
    ) -> InsightAnswer:
        """A few sentences about the symbol's day."""
        try:
            parse_symbol(symbol)
        except ValueError as error:
            raise Problem(422, str(error)) from None
        if platform.insights is None:
            raise Problem(501, "insights need a Gemini key on the server (GEMINI_API_KEY_FILE); this installation has none")
        if symbol in await platform.ask([symbol]):
            raise Problem(404, f"no symbol {symbol}")
        await platform.waiting.until_held([symbol])
        held = platform.store.held.get(symbol)
        if held is None:
            raise unavailable(f"no quote of {symbol} yet")
        entry = await platform.insights.of(held)
        if entry.is_stale:
            response.headers["Age"] = str(entry.age_seconds)
        return InsightAnswer(symbol=symbol, stale=entry.is_stale, quoteTime=held.data["sourceTime"], **entry.value)

    return router
