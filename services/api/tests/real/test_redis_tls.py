"""Redis over TLS: reached with the CA that signed it and under the name it was signed for, and in no other way."""

import asyncio
import datetime
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.api.redis_link import RedisLink
from services.api.settings import Settings
from services.conftest import _serve

pytestmark = pytest.mark.services_real

COMMAND = """\
set -e
cat > /tmp/cert.pem <<'END'
{certificate}END
cat > /tmp/key.pem <<'END'
{key}END
exec redis-server --port 6379 --bind 127.0.0.1 --tls-port 6380 --bind 0.0.0.0 --protected-mode no --save '' \
  --tls-cert-file /tmp/cert.pem --tls-key-file /tmp/key.pem --tls-auth-clients no --requirepass {password}
"""


def signed(name, key, issuer, issuer_key, *others, is_ca=False):
    """A certificate for `name`."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if others:
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def tls(services_image, tmp_path_factory):
    """A Redis that speaks TLS, signed for 127.0.0.1 only, and the CA files: the one that signed it, and another."""
    folder = tmp_path_factory.mktemp("tls")
    ca, other, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    (folder / "ca.pem").write_text(signed("ca", ca, "ca", ca, is_ca=True))
    (folder / "other.pem").write_text(signed("ca", other, "ca", other, is_ca=True))
    certificate = signed("redis", key, "ca", ca, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(*plain).decode()
    script = COMMAND.replace("{certificate}", certificate).replace("{key}", pem)
    for server in _serve("redis", 6380, script, folder):
        yield server, folder


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


async def test_the_ca_that_signed_it_is_trusted_and_commands_and_messages_pass(tls):
    server, folder = tls
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
async def test_any_other_certificate_is_refused(tls, host, ca, expected):
    server, folder = tls
    more = {"redis_ca_file": folder / ca} if ca else {}
    verdict = await first_verdict(link_to(server, redis_host=host, redis_tls=True, **more))
    assert expected in verdict.lower(), "whoever stands in between must not get the password"


async def test_without_tls_nothing_is_said_to_a_server_that_wants_it(tls):
    server, _ = tls
    assert await first_verdict(link_to(server, redis_host="127.0.0.1")) != "up"
