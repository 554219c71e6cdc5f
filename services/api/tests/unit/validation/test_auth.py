"""Tokens: the good one passes, everything else is 401 and causes no call that the token asked for."""

import asyncio
import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.api.auth import PublishedKeys, SharedSecret, TokenCheck, parse_keys
from services.api.errors import Problem
from services.api.tests.unit.validation.test_parsers_never_raise import JUNK, bent, places
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.client import Upstream

ISSUER, SECRET = "https://project.example/auth/v1", "a-shared-secret-of-at-least-32-bytes!"
EC_KEYS = {kid: ec.generate_private_key(ec.SECP256R1()) for kid in ("one", "two", "stranger")}
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key, kid, algorithm):
    maker = jwt.algorithms.ECAlgorithm if algorithm == "ES256" else jwt.algorithms.RSAAlgorithm
    return json.loads(maker.to_jwk(key.public_key())) | {"kid": kid, "alg": algorithm, "use": "sig"}


JWKS = {"keys": [public(EC_KEYS["one"], "one", "ES256"), public(EC_KEYS["two"], "two", "ES256"), public(RSA_KEY, "rsa", "RS256")]}


class Issuer:
    """Publishes keys and counts who asks."""

    def __init__(self, answer: Any = None):
        self.answer, self.calls = answer or JWKS, 0
        self.paths: list[str] = []

    async def json(self, path, *_):
        self.calls += 1
        self.paths.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def claims(**changes):
    usual = {"sub": "user-1", "aud": "authenticated", "iss": ISSUER, "role": "authenticated", "exp": int(time.time()) + 600}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def token(key: Any = EC_KEYS["one"], algorithm="ES256", kid="one", header=None, **changes):
    headers = ({"kid": kid} if kid is not None else {}) | (header or {})
    return jwt.encode(claims(**changes), key, algorithm, headers=headers)


def check_with(issuer: Any = None):
    publisher: Any = issuer or Issuer()
    return TokenCheck(PublishedKeys(publisher), ISSUER, "authenticated")


@pytest.mark.parametrize(
    "good",
    [token(), token(EC_KEYS["two"], kid="two"), token(RSA_KEY, "RS256", "rsa")],
    ids=["ES256", "second key during a rotation", "RS256"],
)
async def test_good_tokens_pass(good):
    user = await check_with().user(f"Bearer {good}")
    assert (user.subject, user.is_anonymous) == ("user-1", False)


async def test_clocks_may_differ_by_a_few_seconds():
    assert await check_with().user(f"Bearer {token(exp=int(time.time()) - 3)}")


def tampered(part):
    head, body, signature = token().split(".")
    return ".".join({"body": [head, body[:-2] + "AA", signature], "signature": [head, body, signature[:-4] + "AAAA"]}[part])


def bearer(*args, **changes):
    return f"Bearer {token(*args, **changes)}"


NO_KEY: Any = None
STRANGER = EC_KEYS["stranger"]
BAD = {
    "nothing": None, "empty": "", "scheme only": "Bearer ", "another scheme": "Basic abc",
    "no token": "Bearer x", "dots": "Bearer ..",
    "huge": "Bearer " + "a" * 9_000, "binary": "Bearer \x00\xff",
    "expired": bearer(exp=int(time.time()) - 60), "no exp": bearer(exp=None),
    "not yet": bearer(nbf=int(time.time()) + 600), "issued in the future": bearer(iat=int(time.time()) + 600),
    "wrong audience": bearer(aud='anon'), "no audience": bearer(aud=None),
    "wrong issuer": bearer(iss='https://evil.example'), "no issuer": bearer(iss=None),
    "no subject": bearer(sub=None), "empty subject": bearer(sub=''), "long subject": bearer(sub='x' * 300),
    "anon role": bearer(role='anon'), "service role": bearer(role='service_role'), "no role": bearer(role=None),
    "unknown kid": bearer(STRANGER, kid='stranger'), "no kid": bearer(kid=None),
    "stranger under a known kid": bearer(STRANGER), "kid of another algorithm": bearer(kid='rsa'),
    "kid as path": bearer(kid='../../one'), "kid as url": bearer(kid='https://evil.example/key'),
    "kid as sql": bearer(kid='x; DROP TABLE'),
    "long kid": bearer(kid='k' * 500),
    "none": "Bearer " + jwt.encode(claims(), NO_KEY, "none", headers={"kid": "one"}),
    "HS256 with the public key": "Bearer " + jwt.encode(claims(), JWKS["keys"][0]["x"], "HS256", headers={"kid": "one"}),
    "HS256": "Bearer " + jwt.encode(claims(), SECRET, "HS256", headers={"kid": "one"}),
    "jku": bearer(STRANGER, header={'jku': 'https://evil.example/jwks'}, kid='evil'),
    "x5u": bearer(STRANGER, header={'x5u': 'https://evil.example/x'}, kid='evil'),
    "embedded key": bearer(STRANGER, header={'jwk': public(STRANGER, 'one', 'ES256')}, kid='one'),
    "tampered body": "Bearer " + tampered("body"), "tampered signature": "Bearer " + tampered("signature"),
    "trailing part": bearer() + ".x", "two tokens": bearer() + " " + token(),
}  # fmt: skip


@pytest.mark.parametrize("authorization", BAD.values(), ids=list(BAD))
async def test_bad_tokens_are_401_without_any_call_to_what_they_name(authorization):
    issuer = Issuer()
    with pytest.raises(Problem) as refused:
        await check_with(issuer).user(authorization)
    assert refused.value.status == 401
    assert set(issuer.paths) <= {""}, "only the pinned address is ever asked"
    assert "WWW-Authenticate" in refused.value.headers


def test_the_matrix_is_as_long_as_promised():
    assert len(BAD) >= 40


async def test_unknown_keys_refresh_the_issuers_at_most_every_30_seconds():
    issuer = Issuer()
    check = check_with(issuer)
    for number in range(10):
        with pytest.raises(Problem):
            await check.user(f"Bearer {token(kid=f'k{number}')}")
    assert issuer.calls == 1, "or anybody could make us flood the issuer"


async def test_a_key_taken_out_of_the_rotation_ends_and_an_away_issuer_is_503(monkeypatch):
    issuer = Issuer()
    check = check_with(issuer)
    await check.user(f"Bearer {token()}")
    issuer.answer = {"keys": JWKS["keys"][1:]}
    now = time.monotonic()
    monkeypatch.setattr("services.api.auth.monotonic_seconds", lambda: now + 700)
    with pytest.raises(Problem) as refused:
        await check.user(f"Bearer {token()}")
    assert refused.value.status == 401
    with pytest.raises(Problem) as away:
        await check_with(Issuer(UpstreamError(Kind.UNAVAILABLE))).user(f"Bearer {token()}")
    assert away.value.status == 503, "not knowing is not the user's fault"


async def test_an_issuer_that_is_away_is_asked_once_by_all_who_come_together(monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr("services.api.auth.monotonic_seconds", lambda: now)

    class Slow(Issuer):
        async def json(self, path, *_):
            await asyncio.sleep(0)
            return await super().json(path)

    issuer = Slow(UpstreamError(Kind.UNAVAILABLE))
    check = check_with(issuer)

    async def status():
        try:
            return await check.user(f"Bearer {token()}") and 200
        except Problem as refused:
            return refused.status

    assert set(await asyncio.gather(*(status() for _ in range(20)))) == {503}
    assert issuer.calls == 1, "each call may take five seconds: the last of twenty would wait for more than a minute"
    issuer.answer = JWKS
    now += 1.1
    assert await status() == 200, "and back at once"


async def test_the_shared_secret_is_a_mode_of_its_own():
    check = TokenCheck(SharedSecret(SECRET), ISSUER, "authenticated")
    good = jwt.encode(claims(), SECRET, "HS256")
    assert (await check.user(f"Bearer {good}")).subject == "user-1"
    for bad in (jwt.encode(claims(), SECRET + "x", "HS256"), jwt.encode(claims(), SECRET * 2, "HS512"), token()):
        with pytest.raises(Problem):
            await check.user(f"Bearer {bad}")


@pytest.fixture
def published():
    """A real HTTP server with the keys a test puts into `keys`; `asked` is what was requested of it."""
    keys: list[Any] = []
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps({"keys": keys}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        worker.start()
        yield SimpleNamespace(keys=keys, asked=asked, url=f"http://127.0.0.1:{server.server_port}/auth/v1/jwks.json")
        server.shutdown()
        worker.join()


async def test_a_rotation_of_keys_at_a_real_issuer_refuses_nobody_who_is_signed_in(published, monkeypatch):
    one, two = JWKS["keys"][:2]
    now = time.monotonic()
    monkeypatch.setattr("services.api.auth.monotonic_seconds", lambda: now)
    async with Upstream(published.url) as upstream:
        check = TokenCheck(PublishedKeys(upstream), ISSUER, "authenticated")
        published.keys[:] = [one]
        assert await check.user(bearer())
        published.keys[:] = [two, one]
        now += 31
        assert await check.user(bearer(EC_KEYS["two"], kid="two")), "a new kid is looked up"
        assert await check.user(bearer()), "and tokens of the old key are good while it is published"
        published.keys[:] = [{name: part for name, part in two.items() if name != "alg"}]
        now += 601
        assert await check.user(bearer(EC_KEYS["two"], kid="two")), "also when its algorithm follows from its curve only"
        with pytest.raises(Problem) as refused:
            await check.user(bearer())
        assert refused.value.status == 401, "a key that was withdrawn signs nobody in"
    assert published.asked == ["/auth/v1/jwks.json"] * 3, "three looks for five tokens, and nowhere else"


@pytest.mark.recorded
async def test_the_recorded_answers_of_the_issuer(market_data):
    folder = market_data / "fixtures/supabase"
    read = {path.name: json.loads(path.read_text()) for path in folder.iterdir()}
    assert list(parse_keys(read["jwks.es256.json"])) == [read["jwt-header.es256.json"]["kid"]]
    assert len(parse_keys(read["jwks.rotation-two-keys.json"])) == 2
    assert parse_keys(read["jwks.legacy-hs256-empty.json"]) == {}, "an empty list means: nothing can be accepted by it"
    with pytest.raises(Problem):
        await check_with(Issuer(read["jwks.legacy-hs256-empty.json"])).user(f"Bearer {token()}")
    expected = {
        "authenticated": ("123e4567-e89b-12d3-a456-426614174000", False),
        "anonymous-user": ("123e4567-e89b-12d3-a456-426614174000", True),
    }
    for name, (subject, anonymous) in expected.items():
        payload = read[f"jwt-payload.{name}.json"] | {"exp": int(time.time()) + 60}
        publisher: Any = Issuer()
        check = TokenCheck(PublishedKeys(publisher), payload["iss"], "authenticated")
        user = await check.user("Bearer " + jwt.encode(payload, EC_KEYS["one"], "ES256", headers={"kid": "one"}))
        assert (user.subject, user.is_anonymous) == (subject, anonymous)
        expired = "Bearer " + jwt.encode(payload | {"exp": 1640995200}, EC_KEYS["one"], "ES256", headers={"kid": "one"})
        with pytest.raises(Problem):
            await check.user(expired)
    anon = read["jwt-payload.anon-api-key.json"] | {"exp": int(time.time()) + 60}
    with pytest.raises(Problem):
        await check_with().user("Bearer " + jwt.encode(anon, EC_KEYS["one"], "ES256", headers={"kid": "one"}))
    assert len(read) == 7


@pytest.mark.parametrize("answer", [None, [], {}, {"keys": None}])
def test_documents_that_are_no_key_list_are_a_typed_error(answer):
    with pytest.raises(UpstreamError) as refused:
        parse_keys(answer)
    assert refused.value.kind is Kind.MALFORMED


def test_a_key_list_with_any_one_part_bent_gives_keys_or_a_typed_error():
    for path in places(JWKS):
        for junk in JUNK:
            with contextlib.suppress(UpstreamError):
                assert set(parse_keys(bent(JWKS, path, junk))) <= {"one", "two", "rsa", "1,234.5", *map(str, JUNK)}


@pytest.mark.parametrize("claim", ["sub", "aud", "iss", "role", "exp", "nbf", "iat", "is_anonymous", "jti"])
@pytest.mark.parametrize("value", [None, True, 0, -1, 2**63, 1e308, "", "x", [], ["authenticated", 5], {}, {"a": []}])
async def test_a_token_with_an_odd_claim_is_a_user_or_401(claim, value):
    odd = jwt.api_jws.encode(json.dumps(claims() | {claim: value}).encode(), EC_KEYS["one"], "ES256", headers={"kid": "one"})
    user, status = await verdict_on(odd)
    assert status in (200, 401), "whatever is signed into it, it is not our fault"
    assert user is None or user.subject in ("user-1", "x"), "and nobody becomes somebody else by it"


async def verdict_on(signed):
    """The user and 200, or nobody and the refusal's status."""
    try:
        return await check_with().user(f"Bearer {signed}"), 200
    except Problem as refused:
        return None, refused.status


@pytest.mark.parametrize("exp", ["1e400", "Infinity", "NaN", "9" * 400, '"9999999999"'])
async def test_an_end_that_is_no_time_is_401(exp):
    body = json.dumps(claims(exp=None))[:-1] + f', "exp": {exp}}}'
    odd = jwt.api_jws.encode(body.encode(), EC_KEYS["one"], "ES256", headers={"kid": "one"})
    _, status = await verdict_on(odd)
    is_far_away = exp in ('"9999999999"', "9" * 400)
    assert status == (200 if is_far_away else 401), "digits or their text are a time, whatever else is written is none"


def test_odd_keys_are_passed_over():
    assert parse_keys({"keys": [5, {"kid": "x", "alg": "ES256", "kty": "EC"}, {"kid": "y", "alg": "none"}]}) == {}
