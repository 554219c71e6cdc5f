"""What a good answer of each route looks like, for the OpenAPI document. A test holds each against its own schema."""

from typing import Any

TIME = "2025-06-10T05:00:00.000Z"
PRICE_UPDATE = {
    "type": "price_update",
    "symbol": "RELIANCE",
    "data": {
        "symbol": "RELIANCE", "price": 2450.5, "change": 12.3, "changePercent": 0.5, "volume": 1234567,
        "timestamp": TIME, "open": 2440.0, "dayHigh": 2455.0, "dayLow": 2436.1, "previousClose": 2438.2,
        "exchange": "NSE", "currency": "INR", "source": "replay", "sourceTime": TIME, "status": "replay", "session": "open",
    },
    "timestamp": "2025-06-10T05:00:00.120Z", "epoch": "5f0c", "fence": 1781154000, "seq": 42, "ts": 1749531600120.0,
}  # fmt: skip
INDEX_UPDATE = PRICE_UPDATE | {
    "symbol": "NIFTY 50",
    "data": {
        "symbol": "NIFTY 50", "price": 25104.25, "change": 1.05, "changePercent": 0.0, "volume": None,
        "timestamp": TIME, "open": 25196.05, "dayHigh": 25199.3, "dayLow": 25055.45, "previousClose": 25103.2,
        "exchange": "NSE", "currency": None, "source": "replay", "sourceTime": TIME, "status": "replay", "session": "open",
    },
}  # fmt: skip
WATCHLIST = {
    "id": "0b6f8a8e-6f0e-4d0e-9a55-0d5f1c1f2a31", "name": "Banks", "symbols": ["HDFCBANK", "ICICIBANK", "SBIN"],
    "createdAt": TIME, "updatedAt": TIME,
}  # fmt: skip
READY = {"status": "ready", "timestamp": TIME, "release": "1.4.0", "node": "api-1", "missing": [], "degraded": []}

ANSWERS: dict[tuple[str, str], Any] = {
    ("get", "/health"): {"status": "healthy", "timestamp": TIME, "release": "1.4.0"},
    ("get", "/health/ready"): READY,
    ("get", "/api/v1/quotes"): {"quotes": [PRICE_UPDATE], "missing": []},
    ("get", "/api/v1/quotes/{symbol}"): PRICE_UPDATE,
    ("get", "/api/v1/indices"): {"indices": [INDEX_UPDATE]},
    ("get", "/api/v1/market/status"): {
        "exchange": "NSE", "session": "open", "status": "live", "source": "nse", "marketTime": TIME,
        "nextOpen": "2025-06-11T03:45:00.000Z", "timestamp": TIME,
    },
    ("get", "/api/v1/symbols"): {"symbols": [{"symbol": "RELIANCE", "name": "Reliance Industries", "exchange": "NSE"}]},
    ("get", "/api/v1/history/{symbol}"): {
        "symbol": "RELIANCE", "interval": "intraday", "source": "replay", "previousClose": 2438.2, "stale": False,
        "bars": [{"start": "2025-06-10T03:45:00Z", "open": 2440, "high": 2444, "low": 2439.1, "close": 2443.5, "volume": 9120}],
    },
    ("get", "/api/v1/watchlists"): {"watchlists": [WATCHLIST]},
    ("post", "/api/v1/watchlists"): WATCHLIST,
    ("get", "/api/v1/watchlists/{number}"): WATCHLIST,
    ("put", "/api/v1/watchlists/{number}"): WATCHLIST,
    ("get", "/api/v1/insights/{symbol}"): {
        "symbol": "RELIANCE", "text": "The price rose by half a percent on moderate volume.", "reason": None,
        "model": "gemini-2.5-flash", "truncated": False, "stale": False, "quoteTime": TIME,
    },
    ("get", "/api/v1/status"): {
        "status": "ready", "release": "1.4.0", "node": "api-1", "timestamp": TIME, "missing": [], "degraded": [],
        "ingest": {"leader": True, "alone": False, "holder": "api-1", "fence": 1781154000, "paused": False, "source": "nse"},
        "quotes": 53, "keys": {"twelve_data": "missing", "alpha_vantage": "set", "gemini": "rejected"},
        "providers": [{"name": "nse", "open": False, "lastError": None, "budgetLeft": 2}],
        "rateLimitsPerMinute": {"usual": 60000, "dear": 600},
    },
    ("post", "/api/v1/control"): {"accepted": True, "action": "pause", "scope": "all"},
}  # fmt: skip


def describe_answers(document: dict[str, Any]) -> None:
    """Put each example beside its schema."""
    for (method, path), example in ANSWERS.items():
        responses = document["paths"][path][method]["responses"]
        status = next(status for status in ("200", "201", "202") if "content" in responses.get(status, {}))
        responses[status]["content"]["application/json"]["example"] = example
