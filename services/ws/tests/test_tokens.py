"""Tokens: the matrix of bad ones is refused, a good one is good until it expires, keys are fetched rarely."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from websockets.exceptions import ConnectionClosed

from services.ws.tests.conftest import ask, receive, running_node
from services.ws.tokens import MAX_TOKEN_CHARACTERS, PublishedKeys, SharedSecret, TokenRefused, Tokens

SECRET = "a-secret-of-more-than-thirty-two-characters"
ISSUER = "https://issuer.test"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def claims(**changes):
    good = {"sub": "u1", "aud": "authenticated", "iss": ISSUER, "role": "authenticated", "exp": time.time() + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def es256(key=KEY, kid="k1", **changes):
    return jwt.encode(claims(**changes), key, "ES256", headers={"kid": kid})


class OneKey:
    algorithms: tuple[str, ...] = ("ES256", "RS256")

    async def key_for(self, header):
        return {"k1": KEY.public_key()}.get(header.get("kid"))


@pytest.fixture
def tokens():
    return Tokens(OneKey(), ISSUER, "authenticated")


async def test_a_good_token_is_good(tokens):
    bearer = await tokens.check(es256())
    assert bearer.subject == "u1"
    assert bearer.expires == pytest.approx(time.time() + 60, abs=2)


BAD = {
    "expired": es256(exp=time.time() - 60), "no expiry": es256(exp=None), "not yet": es256(nbf=time.time() + 600),
    "wrong audience": es256(aud="anon"), "no audience": es256(aud=None), "wrong issuer": es256(iss="https://evil.test"),
    "no issuer": es256(iss=None), "no subject": es256(sub=None), "subject a number": es256(sub=5),
    "anonymous role": es256(role="anon"),
    "service role": es256(role="service_role"), "no role": es256(role=None), "another's signature": es256(key=OTHER),
    "unknown key": es256(kid="k9"), "key by path": es256(kid="../../etc/passwd"), "key by address": es256(kid="http://evil.test/k"),
    "none": jwt.encode(claims(), "", "none", headers={"kid": "k1"}),
    "HS256 with a guess": jwt.encode(claims(), SECRET, "HS256", headers={"kid": "k1"}),
    "RS256 of their own": jwt.encode(claims(), rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "k1"}),
    "not a token": "x", "two parts": "a.b", "empty": "", "a million characters": "x" * (MAX_TOKEN_CHARACTERS + 1),
    "signature cut": es256()[:-8], "payload changed": es256().replace(".", ".e", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_token_is_refused(tokens, name):
    with pytest.raises(TokenRefused):
        await tokens.check(BAD[name])


async def test_without_keys_every_token_is_refused():
    with pytest.raises(TokenRefused, match="takes no tokens"):
        await Tokens(None, None, "authenticated").check(es256())


async def test_a_shared_secret_is_a_mode_of_its_own():
    tokens = Tokens(SharedSecret(SECRET), ISSUER, "authenticated")
    assert (await tokens.check(jwt.encode(claims(), SECRET, "HS256"))).subject == "u1"
    with pytest.raises(TokenRefused, match="algorithm"):
        await tokens.check(es256())


async def test_unknown_keys_do_not_become_calls_to_the_issuer(monkeypatch):
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "use": "sig", "alg": "ES256"}
    keys = PublishedKeys("https://issuer.test/jwks")
    calls = []

    def fetch():
        calls.append(1)
        return jwt.PyJWKSet.from_dict({"keys": [public]})

    monkeypatch.setattr(keys._client, "get_jwk_set", fetch)
    tokens = Tokens(keys, ISSUER, "authenticated")
    await tokens.check(es256())
    for number in range(50):
        with pytest.raises(TokenRefused):
            await tokens.check(es256(kid=f"guess-{number}"))
    assert len(calls) == 1, "guessing key ids must not become load on the issuer"


async def test_the_socket_closes_at_the_tokens_expiry_and_a_new_one_keeps_it(client_key_file):
    async with running_node(client_key_file=client_key_file) as rig, rig.client() as socket:
        rig.node.tokens._keys, rig.node.tokens._issuer = OneKey(), ISSUER
        answer = await ask(socket, action="auth", token=es256(exp=time.time() + 1))
        assert answer["subject"] == "u1"
        answer = await ask(socket, action="auth", token=es256(exp=time.time() + 2))
        assert answer["type"] == "authenticated"
        started = time.monotonic()
        assert (await receive(socket))["code"] == "token_expired"
        assert 0.9 < time.monotonic() - started < 2.6, "the second token's expiry counts"
        with pytest.raises(ConnectionClosed):
            await receive(socket)
        assert socket.close_code == 4401


async def test_where_a_token_is_required_it_must_come_first(client_key_file, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    settings = {"auth_mode": "hs256", "auth_secret_file": secret, "auth_issuer": ISSUER, "require_token": True}
    async with running_node(client_key_file=client_key_file, **settings) as rig:
        async with rig.client() as socket:
            assert (await ask(socket, action="subscribe", symbols=["TCS"]))["code"] == "token_required"
            with pytest.raises(ConnectionClosed):
                await receive(socket)
            assert socket.close_code == 4401
        async with rig.client() as socket:
            assert (await ask(socket, action="auth", token=jwt.encode(claims(), SECRET, "HS256")))["type"] == "authenticated"
            assert (await ask(socket, action="subscribe", symbols=["TCS"]))["type"] == "subscribed"
        assert await _status(rig, {"Authorization": f"Bearer {jwt.encode(claims(), SECRET, 'HS256')}"}) == 101


async def _status(rig, headers):
    async with rig.client(headers=headers):
        return 101
