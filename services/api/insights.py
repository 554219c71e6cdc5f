"""A few sentences about a symbol's day, written by Gemini on the server. The key leaves this process only in a header to
Gemini."""

import json
from typing import Any

from services.api.budgets import Budget, Limit
from services.api.cache import Cache, Entry, Policy
from services.api.errors import Problem
from services.api.quote_store import Held
from services.api.settings import Settings
from services.api.upstreams import Kind, UpstreamError, Window, gemini
from services.api.upstreams.client import Upstream

DEADLINE_SECONDS = 20.0
POLICY = Policy(fresh_seconds=600, stale_seconds=3_600, load_seconds=DEADLINE_SECONDS + 1)
LIMITS = (Limit(10, 60), Limit(250, 86_400))
FACTS = ("price", "change", "changePercent", "open", "dayHigh", "dayLow", "previousClose", "volume", "session", "status")
RETRY_AFTER = {Kind.BAD_KEY: 900, Kind.NOT_COVERED: 900, Kind.UNAVAILABLE: 30, Kind.MALFORMED: 60}
WITHHELD = {Kind.BLOCKED: "blocked", Kind.NO_DATA: "no text"}


class Insights:
    """Cached, budgeted, one call for everybody who asks at once."""

    def __init__(self, upstream: Upstream, model: str, cache: Cache, budget: Budget) -> None:
        self._upstream = upstream
        self._model = model
        self._cache = cache
        self._budget = budget
        self.is_key_rejected = False
        """As the service said when it was last asked."""

    async def of(self, held: Held) -> Entry:
        """`{text, reason, model, truncated}`; `text` is null with a reason when the model withheld one.

        Raises:
            Problem: 503 with Retry-After, with one sentence for each kind of refusal.
        """
        try:
            return await self._cache.get(f"cache:insight:{held.symbol}", POLICY, lambda: self._generate(held))
        except UpstreamError as error:
            raise answer_of(error) from None

    async def _generate(self, held: Held) -> dict[str, Any]:
        wait = await self._budget.take()
        if wait > 0:
            raise UpstreamError(Kind.RATE_LIMITED, "our own budget is used up", retry_after=wait)
        body = {
            "contents": [{"role": "user", "parts": [{"text": prompt_of(held)}]}],
            "generationConfig": {"maxOutputTokens": 2048, "temperature": 0.2},
        }
        path = f"/v1beta/models/{self._model}:generateContent"
        try:
            insight = await self._upstream.get(gemini.parse_generated, path, method="POST", json=body)
        except gemini.WithheldError as error:
            self.is_key_rejected = False
            return {"text": None, "reason": WITHHELD[error.kind], "model": self._model, "truncated": False}
        except UpstreamError as error:
            self.is_key_rejected = error.kind is Kind.BAD_KEY
            raise
        self.is_key_rejected = False
        return {"text": insight.text, "reason": None, "model": insight.model, "truncated": insight.truncated}


def prompt_of(held: Held) -> str:
    """Figures only: no text of any upstream or user reaches the prompt but the symbol itself."""
    facts = {name: held.data.get(name) for name in FACTS}
    return (
        "In at most three plain sentences, describe this stock's trading day for a general reader. Use only these figures, "
        "give no advice and no forecast. Prices are in rupees, volume in shares.\n" + json.dumps({"symbol": held.symbol} | facts)
    )


def answer_of(error: UpstreamError) -> Problem:
    """The one documented answer for each kind of refusal: always 503, its Retry-After and sentence differ."""
    seconds = RETRY_AFTER.get(error.kind, 60)
    if error.kind is Kind.RATE_LIMITED:
        seconds = 3_600 if error.window is Window.DAY else int(error.retry_after_seconds or 60)
    return Problem(503, f"no insight now: the AI service says {error.kind}", {"Retry-After": str(max(1, min(seconds, 3_600)))})


def make_insights(settings: Settings, cache: Cache, budget: Budget) -> Insights | None:
    """None without a key."""
    key = settings.api_key("gemini")
    if key is None:
        return None
    headers = {"x-goog-api-key": key}
    upstream = Upstream(settings.gemini_base_url, headers, DEADLINE_SECONDS, is_public=settings.is_production)
    return Insights(upstream, settings.gemini_model, cache, budget)
