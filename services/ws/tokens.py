"""Checks a user's JWT as the issuer's keys (JWKS) say. Optional: without a key address every token is refused.

Asymmetric algorithms only, all claims required, keys only from the configured address: nothing in a token chooses a key source.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import jwt

ALGORITHMS = ["ES256", "RS256"]
LEEWAY_SECONDS = 10
MAX_TOKEN_CHARACTERS = 8_192


class TokenRefused(Exception):  # noqa: N818
    """Why, in words that may be told to the client."""


@dataclass(frozen=True)
class Bearer:
    """Who it is and until when (Unix seconds)."""

    subject: str
    expires: float


class Tokens:
    """`check` is the only door."""

    def __init__(self, jwks_url: str | None, issuer: str | None, audience: str) -> None:
        self._keys = jwt.PyJWKClient(jwks_url, cache_keys=True, lifespan=300, timeout=2) if jwks_url else None
        self._issuer = issuer
        self._audience = audience

    async def check(self, token: str) -> Bearer:
        """The token's bearer.

        Raises:
            TokenRefused: it is not good, or its keys cannot be had (then nobody is let in).
        """
        if self._keys is None:
            raise TokenRefused("this platform takes no tokens")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenRefused(f"token over {MAX_TOKEN_CHARACTERS} characters")
        try:
            claims = await asyncio.to_thread(self._decode, self._keys, token)
        except jwt.PyJWTError as error:
            raise TokenRefused(f"token refused: {type(error).__name__}") from error
        if claims.get("role", "authenticated") != "authenticated":
            raise TokenRefused("token refused: role")
        return Bearer(str(claims["sub"]), float(claims["exp"]))

    def _decode(self, keys: jwt.PyJWKClient, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError("algorithm")
        required = ["exp", "aud", "sub", *(["iss"] if self._issuer else [])]
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=ALGORITHMS,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": required},
        )
