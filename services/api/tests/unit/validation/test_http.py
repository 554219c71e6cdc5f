"""What every answer carries and who is let in: headers, one error shape, CORS, rate limits, production. In process."""

import json

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from services.api.app import create_app
from services.api.platform import assemble
from services.api.rate_limit import Limiter, client_of
from services.api.settings import Settings
from services.api.tests.unit.publishing.test_quote_store import line

APP = "https://app.example"
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "0",
    "referrer-policy": "strict-origin-when-cross-origin",
}


class Site:
    """The whole application over ASGI; nothing of its background work runs."""

    def __init__(self, **settings):
        self.platform = assemble(Settings.model_validate({"redis_port": 1, "node_id": "api-test"} | settings))
        self.platform.store.freshness = lambda: True
        transport = httpx.ASGITransport(create_app(self.platform), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://api")

    def hold(self, symbol="TCS", **data):
        self.platform.store.take(line(symbol, **data))


@pytest.fixture
def site():
    return Site(allowed_origins=(APP,))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200), ("GET", "/health/ready", 503), ("GET", "/api/v1/quotes/TCS", 200),
        ("GET", "/api/v1/quotes", 200), ("GET", "/api/v1/quotes/NOPE", 404), ("GET", "/nowhere", 404),
        ("POST", "/api/v1/quotes", 405), ("GET", "/api/v1/boom", 500),
        ("GET", "/api/v1/quotes/a%0Ab", 422), ("POST", "/api/v1/control", 501), ("GET", "/api/v1/watchlists", 501),
        ("GET", "/api/v1/insights/TCS", 501), ("GET", "/metrics", 200), ("GET", "/api/v1/symbols?limit=0", 422),
    ],
)  # fmt: skip
async def test_every_answer_has_the_security_headers_and_errors_one_shape(site, monkeypatch, method, path, status):
    if status == 500:
        monkeypatch.setattr(site.platform.search, "find", lambda *_: 1 / 0)
        path = "/api/v1/symbols"
    if path != "/health/ready":
        site.hold()
    answer = await site.client.request(method, path)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers
    assert answer.headers["x-request-id"]
    if status >= 400 and path != "/health/ready":
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["requestId"] == answer.headers["x-request-id"]
        assert "Traceback" not in answer.text
        assert "ZeroDivision" not in answer.text, "the inside of a fault is for the log only"


async def test_ready_names_what_is_missing_and_the_probe_is_no_quote(site):
    site.platform.store.take(line("STK.PROBE"))
    answer = (await site.client.get("/health/ready")).json()
    assert answer["status"] == "not ready"
    assert any("no quote" in text for text in answer["missing"])
    assert any("redis" in text for text in answer["missing"])
    site.hold()
    assert (await site.client.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (APP, True), ("https://evil.example", False), ("null", False), ("https://app.example.evil.example", False),
        ("https://evilapp.example", False), ("http://app.example", False), ("https://APP.example", False),
        ("https://app.example:444", False), ("https://app.example.", False), ("https://user@app.example", False), ("*", False),
        ("https://appxexample", False), ("https://sub.app.example", False), ("", False), ("https://app.example/", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_only_the_exact_origin_is_echoed(site, origin, allowed, method):
    site.hold()
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"} if method == "OPTIONS" else {"Origin": origin}
    answer = await site.client.request(method, "/api/v1/quotes/TCS", headers=headers)
    granted = answer.headers.get("access-control-allow-origin")
    assert granted == (APP if allowed else None), "never '*': requests carry credentials"
    assert answer.headers.get("access-control-allow-credentials") in ({"true"} if allowed else {None, "true"})
    if allowed:
        assert "origin" in answer.headers["vary"].lower(), "or a cache would give one origin's answer to another"


async def test_preflight_admits_only_the_headers_and_methods_in_use(site):
    async def ask(method, headers):
        asked = {"Origin": APP, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        return (await site.client.options("/api/v1/watchlists", headers=asked)).status_code

    assert await ask("PUT", "authorization,content-type") == 200
    assert await ask("TRACE", "authorization") == 400
    assert await ask("GET", "x-evil") == 400


async def test_over_the_limit_is_429_with_retry_after_and_health_is_exempt():
    site = Site(rate_limit_per_minute=3)
    site.hold()
    statuses = [(await site.client.get("/api/v1/quotes/TCS")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = await site.client.get("/api/v1/quotes/TCS")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await site.client.get("/health")).status_code == 200
    assert (await site.client.get("/health/ready")).status_code == 200
    other = await site.client.get("/api/v1/quotes/TCS", headers={"X-Forwarded-For": "203.0.113.9"})
    assert other.status_code == 200, "another client behind the proxy is not affected"


async def test_a_page_of_an_allowed_origin_may_read_that_it_asks_too_often():
    site = Site(rate_limit_per_minute=1, allowed_origins=(APP,))
    site.hold()
    first, second = [await site.client.get("/api/v1/quotes/TCS", headers={"Origin": APP}) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["access-control-allow-origin"] == APP, "or the browser tells the page of a network error"
    assert "Retry-After" in second.headers["access-control-expose-headers"]


async def test_dear_routes_have_their_own_limit():
    site = Site(rate_limit_upstream_per_minute=1)
    assert (await site.client.get("/api/v1/symbols")).status_code == 200
    assert (await site.client.get("/api/v1/symbols")).status_code == 429
    assert (await site.client.get("/api/v1/market/status")).status_code == 200


@pytest.mark.parametrize(
    ("forwarded", "hops", "client"),
    [
        (None, 1, "10.0.0.1"), ("203.0.113.9", 1, "203.0.113.9"), ("1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", 0, "10.0.0.1"), ("1.1.1.1, 2.2.2.2, 10.9.9.9", 2, "2.2.2.2"),
        ("2001:db8::1", 1, "2001:db8::/64"), ("2001:db8::ffff", 1, "2001:db8::/64"), ("a:b:c", 1, "malformed"),
    ],
)  # fmt: skip
def test_the_client_is_what_the_trusted_proxy_saw(forwarded, hops, client):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert client_of({"client": ("10.0.0.1", 5), "headers": headers}, hops) == client


def test_a_limiter_starts_anew_each_minute_and_its_memory_is_bounded():
    limiter = Limiter("usual", 1)
    assert limiter.admit("a", 0.0) == 0
    assert limiter.admit("a", 1.0) == 60
    assert limiter.admit("a", 60.0) == 0
    for number in range(100_010):
        limiter.admit(str(number), 61.0)
    assert len(limiter.counts) <= 100_001


async def test_production_shows_no_documents_and_no_insides(tmp_path, monkeypatch):
    site = Site(app_env="production", source="nse")
    for path in ("/docs", "/openapi.json", "/redoc"):
        assert (await site.client.get(path)).status_code == 404
    assert (await Site().client.get("/openapi.json")).status_code == 200


async def test_a_hostile_request_id_is_replaced(site):
    answer = await site.client.get("/health", headers={"X-Request-ID": "x\x1b[31m" + "y" * 100})
    assert answer.headers["x-request-id"].isalnum()
    assert (await site.client.get("/health", headers={"X-Request-ID": "abc-12345"})).headers["x-request-id"] == "abc-12345"


async def test_the_hot_routes_answer_as_the_document_says(site):
    site.hold("TCS", change=None, changePercent=None, volume=1, timestamp="2026-06-12T06:00:00.000Z", source="s")
    document = (await site.client.get("/openapi.json")).json()
    for path, url in (("/api/v1/quotes/{symbol}", "/api/v1/quotes/TCS"), ("/api/v1/quotes", "/api/v1/quotes?symbols=TCS,NOPE")):
        described = document["paths"][path]["get"]["responses"]
        schema = described["200"]["content"]["application/json"]["schema"] | {"components": document["components"]}
        body = (await site.client.get(url)).json()
        update = body if "data" in body else body["quotes"][0]
        update["timestamp"] = "2026-06-12T06:00:00.000Z"
        jsonschema.validate(body, schema)
        assert {"200", "304", "422", "429", "503"} <= set(described)


async def test_every_operation_shows_an_answer_that_its_own_schema_accepts(site):
    document = (await site.client.get("/openapi.json")).json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            good = {s: r for s, r in operation["responses"].items() if s.startswith("2") and "content" in r}
            assert good or method == "delete", f"{method} {path} says nothing"
            for response in good.values():
                content = response["content"]["application/json"]
                jsonschema.validate(content["example"], content["schema"] | {"components": document["components"]})


async def test_metrics_have_bounded_labels_and_move(site):
    site.hold()
    for number in range(20):
        await site.client.get(f"/api/v1/quotes/TCS?x={number}")
        await site.client.get(f"/nowhere/{number}")
    text = (await site.client.get("/metrics")).text
    assert 'stk_api_request_seconds_count{method="GET",route="/api/v1/quotes/{symbol}",status="200"} 20.0' in text
    assert 'route="none",status="404"} 20.0' in text
    assert "/nowhere" not in text, "a path as a label would grow without end"


async def test_no_log_line_holds_a_secret(capsys, tmp_path):
    from services.api.logs import configure_logs, logger

    configure_logs("INFO", {"quiet": "ERROR"}, ["s3cr3t-value"], service="api")
    logger("test").info("called", url="https://x.example/query?apikey=abc123&symbol=TCS", header="Bearer s3cr3t-value")
    logger("quiet").info("never")
    try:
        int("password=s3cr3t-value\nforged line")
    except ValueError:
        logger("test").exception("failed", detail={"token": "token: zzz999"})
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2, "one line an event, whatever it holds"
    for text in lines:
        json.loads(text)
        assert not [secret for secret in ("s3cr3t-value", "abc123", "zzz999") if secret in text]
    import logging

    logging.getLogger().handlers.clear()


async def test_a_retry_after_is_an_integer_a_client_can_obey(site):
    answer = await site.client.get("/api/v1/quotes/INFY")
    assert answer.status_code == 503
    assert 1 <= int(answer.headers["retry-after"]) <= 120


@pytest.mark.parametrize(
    "path", ["/api/v1/indices", "/api/v1/market/status", "/api/v1/symbols", "/api/v1/history/TCS", "/api/v1/status",
             "/api/v1/quotes/TCS", "/api/v1/quotes?symbols=TCS"],
)  # fmt: skip
async def test_whoever_polls_gets_304_until_something_changed(site, path):
    site.hold("NIFTY 50")
    site.hold("TCS")
    first = await site.client.get(path)
    assert first.status_code == 200
    assert "no-cache" in first.headers["cache-control"], "kept by a browser, but asked about each time"
    condition = {"If-None-Match": first.headers["etag"]}
    again = await site.client.get(path, headers=condition)
    assert (again.status_code, again.content) == (304, b""), "the moment of the answer alone is no change"
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["x-content-type-options"] == "nosniff"
    assert (await site.client.get(path, headers={"If-None-Match": '"another", W/"one"'})).status_code == 200
    site.platform.ingest.is_paused = True
    site.platform.store.take(line("NIFTY 50", seq=2, sourceTime="2026-06-12T06:01:00.000Z"))
    site.platform.store.take(line("TCS", seq=2, sourceTime="2026-06-12T06:01:00.000Z"))
    if path.rsplit("/", 1)[-1] != "symbols":
        assert (await site.client.get(path, headers=condition)).status_code == 200, "a change must come through"


@pytest.mark.parametrize("status", ["live", "delayed", "stale"])
async def test_the_market_is_as_live_as_its_newest_price(site, status):
    site.hold("TCS", sourceTime="2026-06-12T05:00:00.000Z")
    site.hold("INFY", status=status)
    told = (await site.client.get("/api/v1/market/status")).json()
    assert told["status"] == status, "a source that went silent must not be called live"
    assert told["marketTime"] == "2026-06-12T06:00:00.000Z"


async def test_errors_are_never_conditional(site):
    refused = await site.client.get("/api/v1/history/nope", headers={"If-None-Match": "*"})
    assert refused.status_code == 422


async def test_a_fault_that_was_answered_does_not_cut_the_connection_under_the_next_request(site, monkeypatch):
    monkeypatch.setattr(site.platform.search, "find", lambda *_: 1 / 0)
    transport = httpx.ASGITransport(create_app(site.platform), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.get("/api/v1/symbols")
    assert answer.status_code == 500, "an exception that reaches the server makes it close the connection without a word"


async def test_a_fault_in_the_hot_path_is_a_problem_with_all_headers(site, monkeypatch):
    site.hold()
    site.platform.store.freshness = lambda: 1 / 0
    answer = await site.client.get("/api/v1/quotes/TCS")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "ZeroDivision" not in answer.text


async def test_head_and_odd_paths_take_the_routes_behind(site):
    site.hold()
    head = await site.client.head("/api/v1/quotes/TCS")
    assert (head.status_code, head.content) == (200, b"")
    assert (await site.client.get("/api/v1/quotes/TCS/more")).status_code == 404
    assert (await site.client.get("/api/v1/quotes/M%26M")).status_code == 503
    wrong = await site.client.delete("/api/v1/quotes/TCS")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "GET, HEAD"
