"""Redis over TLS: reached with the CA that signed it and under the name it was signed for, and in no other way."""

import asyncio

import pytest

from services.api.redis_link import RedisLink
from services.api.settings import Settings

pytestmark = pytest.mark.services_real


def link_to(server, **settings):
    return RedisLink(Settings(redis_port=server.port, redis_password_file=server.password_file, node_id="tls", **settings))


async def first_verdict(link):
    """Up, or the error that keeps it down."""
    watching = asyncio.create_task(link.supervise())
    never = link.last_error
    async with asyncio.timeout(20):
        while not link.is_up and link.last_error == never:  # noqa: ASYNC110 - the link tells by an attribute
            await asyncio.sleep(0.02)
    watching.cancel()
    verdict = "up" if link.is_up else str(link.last_error)
    await link.close()
    return verdict


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A crowded machine is not a Redis that is away."""
    monkeypatch.setattr("services.api.redis_link.COMMAND_TIMEOUT_SECONDS", 5.0)


async def test_the_ca_that_signed_it_is_trusted_and_commands_and_messages_pass(tls_redis):
    server, folder = tls_redis
    link = link_to(server, redis_host="127.0.0.1", redis_tls=True, redis_ca_file=folder / "ca.pem")
    watching = asyncio.create_task(link.supervise())
    await asyncio.wait_for(link.wait_until_up(), 20)
    assert await link.call(lambda client: client.set("k", "v"))
    heard = link.subscriber()
    await heard.subscribe("channel")
    await link.call(lambda client: client.publish("channel", "word"))
    async with asyncio.timeout(10):
        while (message := await heard.get_message(timeout=1)) is None or message["type"] != "message":
            pass
    assert message["data"] == b"word", "the subscription has its own connection, and that is TLS too"
    await heard.aclose()
    watching.cancel()
    await link.close()


@pytest.mark.parametrize(
    ("host", "ca", "expected"),
    [
        ("127.0.0.1", "other.pem", "certificate verify failed"), ("127.0.0.1", None, "certificate verify failed"),
        ("localhost", "ca.pem", "certificate verify failed"),
    ],
    ids=["another CA", "only the machine's CAs", "another name than it was signed for"],
)  # fmt: skip
async def test_any_other_certificate_is_refused(tls_redis, host, ca, expected):
    server, folder = tls_redis
    more = {"redis_ca_file": folder / ca} if ca else {}
    verdict = await first_verdict(link_to(server, redis_host=host, redis_tls=True, **more))
    assert expected in verdict.lower(), "whoever stands in between must not get the password"


async def test_without_tls_nothing_is_said_to_a_server_that_wants_it(tls_redis):
    server, _ = tls_redis
    assert await first_verdict(link_to(server, redis_host="127.0.0.1")) != "up"
