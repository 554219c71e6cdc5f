"""Ports and paths, as the services listen and as the edge shows them."""

API_PORT = 5000
WS_PORT = 8081
WEB_PORT = 8080
EDGE_PORT = 8080
REDIS_PORT = 6379
DATABASE_PORT = 5432

HEALTH = "/health"
READY = "/health/ready"
METRICS = "/metrics"
QUOTES = "/api/v1/quotes"
"""`/quotes/{symbol}` answers with one `price_update`, byte for byte as published; `?symbols=A,B` (without it: the default list)
with `{"quotes": [price_update, ...], "missing": [symbol, ...]}`."""
INDICES = "/api/v1/indices"
"""`{"indices": [price_update, ...]}`."""
MARKET_STATUS = "/api/v1/market/status"
SYMBOLS = "/api/v1/symbols"
"""Search; without a query `{"symbols": [{symbol, name, exchange}, ...]}` of what is known."""
STATUS = "/api/v1/status"
"""How one replica sees the platform; `rateLimitsPerMinute` names the limits in force for one client."""
CONTROL = "/api/v1/control"
STREAM = "/ws"

# Through the edge.
EDGE_HEALTH = "/edge/health"
EDGE_API_HEALTH = "/api/health"
EDGE_API_READY = "/api/health/ready"
EDGE_WS_HEALTH = "/ws/health"
EDGE_WS_READY = "/ws/health/ready"
PAGE_CONFIG = "/config.json"

CLIENT_KEY_HEADER = "X-Client-Key"
"""A socket client that is no browser (no Origin) proves itself with the stack's `clientKey` here."""
