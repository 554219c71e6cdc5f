"""Insights: the key goes out in a header only; each kind of refusal has its one answer; one call for all who ask."""

import asyncio
import json

import httpx
import pytest

from services.api.budgets import Budget, Limit
from services.api.cache import Cache
from services.api.errors import Problem
from services.api.insights import Insights
from services.api.quote_store import read_line
from services.api.tests.unit.publishing.test_quote_store import line
from services.api.upstreams.client import Upstream

PLENTY = (Limit(100, 60),)
KEY = "gemini-key-123456"
HELD = read_line(line("TCS", change=1.5))
EXPECTED = {
    "generate-content.ok.json": (200, {"text": "Hello, how are you doing?", "reason": None}),
    "blocked-prompt.json": (200, {"text": None, "reason": "blocked"}),
    "finish-max-tokens.no-parts.json": (200, {"text": None, "reason": "no text"}),
    "error.400-api-key-invalid.json": (503, "900"),
    "error.404-model.json": (503, "900"),
    "error.429-daily-quota.json": (503, "3600"),
    "error.503-overloaded.json": (503, "30"),
    "stream-generate-content.ok.sse.txt": (503, "60"),
}


def insights_over(handler, limits=PLENTY):
    upstream = Upstream("https://gemini.example", {"x-goog-api-key": KEY})
    upstream.client = httpx.AsyncClient(transport=httpx.MockTransport(handler), headers=upstream.client.headers)
    return Insights(upstream, "gemini-2.5-flash", Cache(None), Budget(None, "gemini", limits))


@pytest.mark.recorded
@pytest.mark.parametrize("name", EXPECTED)
async def test_each_recorded_answer_has_its_one_documented_answer(market_data, name):
    body = (market_data / "fixtures/gemini" / name).read_bytes()
    status = int(name.split(".")[1][:3]) if name.startswith("error") else 200
    seen = []

    def handler(request):
        seen.append(request)
        return httpx.Response(status, content=body, headers={"content-type": "application/json"})

    insights = insights_over(handler)
    expected_status, expected = EXPECTED[name]
    if expected_status == 200:
        value = (await insights.of(HELD)).value
        assert {key: value[key] for key in ("text", "reason")} == expected
    else:
        with pytest.raises(Problem) as refused:
            await insights.of(HELD)
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, expected)
    (request,) = seen
    assert request.headers["x-goog-api-key"] == KEY
    assert KEY not in str(request.url)
    assert KEY not in request.content.decode()


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [(403, "text/html", b"<html>Access Denied</html>"), (200, "text/html", b"<html>"), (500, "application/json", b"{}"),
     (429, "application/json", b'{"candidates": []}'), (503, "application/json", b'{"error": "away"}')],
)  # fmt: skip
async def test_a_page_or_an_empty_answer_before_the_service_is_not_the_models_refusal(status, kind, body):
    insights = insights_over(lambda _: httpx.Response(status, content=body, headers={"content-type": kind}))
    with pytest.raises(Problem) as refused:
        await insights.of(HELD)
    assert refused.value.status == 503, "a text withheld by the model is kept for ten minutes, and here nobody asked it"


async def test_a_rejected_key_is_known_until_it_is_taken_again():
    answers = [httpx.Response(400, json={"error": {"code": 400, "message": "API key not valid."}})]
    answers.append(httpx.Response(200, json={"candidates": [{"content": {"parts": [{"text": "Quiet."}]}}]}))
    insights = insights_over(lambda _: answers.pop(0))
    with pytest.raises(Problem):
        await insights.of(HELD)
    assert insights.is_key_rejected
    insights._cache = Cache(None)
    await insights.of(HELD)
    assert not insights.is_key_rejected


async def test_many_who_ask_cause_one_call_and_the_prompt_holds_figures_only():
    seen = []

    def handler(request):
        seen.append(json.loads(request.content))
        return httpx.Response(200, json={"candidates": [{"content": {"parts": [{"text": "Quiet."}]}}]})

    insights = insights_over(handler)
    await asyncio.gather(*(insights.of(HELD) for _ in range(20)))
    assert len(seen) == 1
    prompt = seen[0]["contents"][0]["parts"][0]["text"]
    assert '"symbol": "TCS"' in prompt


async def test_our_own_budget_ends_in_503_before_the_service_is_asked():
    insights = insights_over(lambda _: pytest.fail("must not be called"), limits=(Limit(0, 60),))
    with pytest.raises(Problem) as refused:
        await insights.of(HELD)
    assert refused.value.status == 503
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
