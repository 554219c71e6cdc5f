"""Who is asking: Supabase tokens, checked against the issuer's published keys, or (only as its own explicit mode) a shared
secret.

Algorithm lists are fixed by the mode, `exp`, `aud`, `iss` and `sub` must be there, the role must be a signed-in user's; nothing
inside a token ever causes a call (`jku`, `x5u`; an unknown `kid` refreshes the keys at most every 30 s).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from services.api.clock import monotonic_seconds
from services.api.errors import Problem, unavailable
from services.api.logs import logger
from services.api.settings import Settings
from services.api.upstreams import UpstreamError
from services.api.upstreams import values as v
from services.api.upstreams.client import Upstream

TOKEN_MAX_CHARS = 8_192
LEEWAY_SECONDS = 10
KEYS_FRESH_SECONDS = 600.0
KEYS_REFRESH_MIN_SECONDS = 30.0
KEYS_RETRY_SECONDS = 1.0
"""While none are held: long enough that all who wait for the same refusal get it, instead of one call after the other."""
ALGORITHM_OF = {"P-256": "ES256", "RSA": "RS256"}
"""For a published key that does not name its algorithm."""
REQUIRED = ["exp", "aud", "iss", "sub"]

log = logger(__name__)


@dataclass(frozen=True)
class User:
    """A signed-in user. An anonymous one has a `subject` too, but nobody stands behind it."""

    subject: str
    is_anonymous: bool


class Keys(Protocol):
    """Where verification keys come from."""

    @property
    def algorithms(self) -> tuple[str, ...]: ...

    async def key_for(self, header: dict[str, Any]) -> Any:
        """The key for a token's header; None when there is none. Raises UpstreamError when it cannot be known now."""


class SharedSecret:
    """Legacy projects: one secret for everything, HS256 only."""

    algorithms = ("HS256",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key_for(self, header: dict[str, Any]) -> Any:
        return self._secret


class PublishedKeys:
    """The issuer's JWKS, cached; several keys are valid during a rotation."""

    algorithms = ("ES256", "RS256")

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._keys: dict[str, PyJWK] = {}
        self._read_at = self._tried_at = -1e9
        self._reading = asyncio.Lock()
        self._failure: UpstreamError | None = None

    async def key_for(self, header: dict[str, Any]) -> Any:
        kid = header.get("kid")
        if not isinstance(kid, str) or len(kid) > 128:
            return None
        now = monotonic_seconds()
        if now - self._read_at > KEYS_FRESH_SECONDS or kid not in self._keys:
            await self._refresh()
        found = self._keys.get(kid)
        return found if found is not None and found.algorithm_name == header.get("alg") else None

    async def _refresh(self) -> None:
        async with self._reading:
            failure = None if self._keys else self._failure
            if monotonic_seconds() - self._tried_at < (KEYS_RETRY_SECONDS if failure else KEYS_REFRESH_MIN_SECONDS):
                if failure is not None:
                    raise failure.with_traceback(None)
                return
            try:
                self._keys = parse_keys(await self._upstream.json(""))
                self._failure, self._read_at = None, monotonic_seconds()
            except UpstreamError as error:
                log.warning("the issuer's keys cannot be read", reason=str(error), held=len(self._keys))
                self._failure = error
                if not self._keys:
                    raise
            finally:
                self._tried_at = monotonic_seconds()


def parse_keys(answer: Any) -> dict[str, PyJWK]:
    """`kid` -> key of a JWKS document; keys of other kinds are passed over. Raises UpstreamError when it is none."""
    found = {}
    for entry in v.objects(v.mapping(answer, "jwks").get("keys"), "keys"):
        kid, algorithm = entry.get("kid"), entry.get("alg") or ALGORITHM_OF.get(str(entry.get("crv") or entry.get("kty")))
        if isinstance(kid, str) and algorithm in PublishedKeys.algorithms and entry.get("use", "sig") == "sig":
            try:
                found[kid] = PyJWK.from_dict(entry, algorithm)
            except (PyJWTError, ValueError, TypeError, KeyError):
                log.warning("a published key cannot be used", kid=kid[:64])
    return found


class TokenCheck:
    """`Authorization: Bearer ...` -> User."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def user(self, authorization: str | None) -> User:
        """Raises Problem: 401 whatever is wrong with the token, 503 when the issuer's keys cannot be had."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _refused("a bearer token is needed")
        if len(token) > TOKEN_MAX_CHARS:
            raise _refused("the token is too long")
        try:
            header = jwt.get_unverified_header(token.strip())
            if header.get("alg") not in self._keys.algorithms:
                raise _refused("the token's algorithm is not accepted")
            key = await self._keys.key_for(header)
            if key is None:
                raise _refused("the token was signed with an unknown key")
            return self._claims(token.strip(), key)
        except PyJWTError as error:
            raise _refused(f"the token was refused: {type(error).__name__}") from None
        except UpstreamError:
            raise unavailable("tokens cannot be checked now: the issuer does not answer") from None
        except (ValueError, TypeError, OverflowError):
            raise _refused("the token is malformed") from None

    def _claims(self, token: str, key: Any) -> User:
        claims = jwt.decode(
            token,
            key,
            algorithms=list(self._keys.algorithms),
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED, "verify_sub": True},
        )
        subject = claims["sub"]
        if claims.get("role") != "authenticated" or not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise _refused("the token is not a signed-in user's")
        return User(subject, claims.get("is_anonymous") is True)


def _refused(reason: str) -> Problem:
    return Problem(401, reason, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def make_token_check(settings: Settings) -> TokenCheck | None:
    """As AUTH_MODE says; None when it is off."""
    if settings.auth_mode == "off" or settings.auth_issuer is None:
        return None
    if settings.auth_mode == "hs256":
        secret = settings.auth_secret()
        assert secret is not None
        return TokenCheck(SharedSecret(secret), settings.auth_issuer, settings.auth_audience)
    assert settings.auth_jwks_url is not None
    issuer = Upstream(settings.auth_jwks_url, is_public=settings.is_production)
    return TokenCheck(PublishedKeys(issuer), settings.auth_issuer, settings.auth_audience)
