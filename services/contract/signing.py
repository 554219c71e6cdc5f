"""HMAC signatures of sensitive requests: HTTP control calls and messages on the control channel.

Pure functions: the caller keeps the nonce store (a nonce is refused for twice `WINDOW_SECONDS`) and the clock.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

WINDOW_SECONDS = 60
TIMESTAMP_HEADER = "X-Timestamp"
NONCE_HEADER = "X-Nonce"
SIGNATURE_HEADER = "X-Signature"


def sign_request(key: str, method: str, path: str, body: bytes, timestamp: int, nonce: str) -> str:
    """Hex HMAC-SHA256 over timestamp (Unix seconds), nonce, method, path and the body's SHA-256, one line each."""
    text = "\n".join([str(timestamp), nonce, method.upper(), path, hashlib.sha256(body).hexdigest()])
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(key: str, method: str, path: str, body: bytes, timestamp: int, nonce: str) -> dict[str, str]:
    """The three headers of a signed request."""
    return {
        TIMESTAMP_HEADER: str(timestamp),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: sign_request(key, method, path, body, timestamp, nonce),
    }


def sign_control(key: str, message: Mapping[str, Any]) -> str:
    """Hex HMAC-SHA256 over the message's canonical JSON without `signature`."""
    fields = {name: value for name, value in message.items() if name != "signature"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def matches(expected: str, given: str) -> bool:
    """Constant-time comparison that survives any text."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def is_timely(timestamp: float, now: float) -> bool:
    """Whether a signed moment (Unix seconds) is close enough to `now` in either direction."""
    return abs(now - timestamp) <= WINDOW_SECONDS
