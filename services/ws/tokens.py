"""Checks a user's JWT by the same rules as the API: the algorithm follows from the mode, exp, aud, iss and sub must be there,
the role must be a signed-in user's. Nothing inside a token causes a call: unknown key ids refresh the keys every 30 s.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from services.ws.settings import SettingsError, WsSettings

LEEWAY_SECONDS = 10
MAX_TOKEN_CHARACTERS = 8_192
REFRESH_SECONDS = 600.0
REFRESH_MIN_SECONDS = 30.0
FETCH_SECONDS = 2
REQUIRED = ["exp", "aud", "iss", "sub"]


class TokenRefused(Exception):  # noqa: N818
    """Why, in words that may be told to the client."""


@dataclass(frozen=True)
class Bearer:
    """Who it is and until when (Unix seconds)."""

    subject: str
    expires: float


class Keys(Protocol):
    """Where verification keys come from."""

    algorithms: tuple[str, ...]

    async def key_for(self, header: dict[str, Any]) -> Any:
        """The key for a token's header, None when there is none.

        Raises:
            PyJWTError: the keys cannot be had now.
        """


class SharedSecret:
    """One secret for everything."""

    algorithms: tuple[str, ...] = ("HS256",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key_for(self, header: dict[str, Any]) -> Any:
        """The secret, whatever the header says."""
        return self._secret


class PublishedKeys:
    """The issuer's key set (JWKS), cached."""

    algorithms: tuple[str, ...] = ("ES256", "RS256")

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_SECONDS)
        self._keys: dict[str, Any] = {}
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def key_for(self, header: dict[str, Any]) -> Any:
        """The key with the header's `kid`."""
        kid = str(header.get("kid"))
        async with self._lock:
            age = time.monotonic() - self._fetched
            if age > REFRESH_SECONDS or (kid not in self._keys and age > REFRESH_MIN_SECONDS):
                self._fetched = time.monotonic()
                found = await asyncio.to_thread(self._client.get_jwk_set)
                self._keys = {str(key.key_id): key.key for key in found.keys}
        return self._keys.get(kid)


class Tokens:
    """`check` is the only door; without keys every token is refused."""

    def __init__(self, keys: Keys | None, issuer: str | None, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def check(self, token: str) -> Bearer:
        """The token's bearer.

        Raises:
            TokenRefused: it is not good, or the issuer's keys cannot be had (then nobody is let in).
        """
        if self._keys is None:
            raise TokenRefused("this platform takes no tokens")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenRefused(f"token over {MAX_TOKEN_CHARACTERS} characters")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self._keys.algorithms:
                raise TokenRefused("token refused: its algorithm is not accepted")
            key = await self._keys.key_for(header)
            if key is None:
                raise TokenRefused("token refused: signed with an unknown key")
            return self._bearer(token, key, list(self._keys.algorithms))
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise TokenRefused(f"token refused: {type(error).__name__}") from error

    def _bearer(self, token: str, key: Any, algorithms: list[str]) -> Bearer:
        claims = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED, "verify_sub": True},
        )
        if claims.get("role") != "authenticated":
            raise TokenRefused("token refused: not a signed-in user's")
        return Bearer(str(claims["sub"]), float(claims["exp"]))


def make_tokens(settings: WsSettings) -> Tokens:
    """As AUTH_MODE says.

    Raises:
        SettingsError: the secret's file cannot be read.
    """
    keys: Keys | None = None
    if settings.auth_mode == "jwks":
        keys = PublishedKeys(str(settings.auth_jwks_url))
    elif settings.auth_mode == "hs256":
        secret = settings.secret("auth_secret")
        if secret is None or len(secret) < 32:
            raise SettingsError("AUTH_SECRET_FILE: expected at least 32 characters")
        keys = SharedSecret(secret)
    return Tokens(keys, settings.auth_issuer, settings.auth_audience)
