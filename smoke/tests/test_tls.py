"""TLS on: the checks for it join the others, trust what they are told to, and refuse what nobody vouches for."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ops.access import Access
from services.contract.tests.standin import CLIENT_KEY, standin
from smoke.__main__ import main
from smoke.check import Outcome
from smoke.platform import Platform
from smoke.runner import all_checks, run_all

TLS = [check for check in all_checks() if check.tls]


def certificate(folder, days):
    """A certificate of 127.0.0.1 that vouches for itself; uvicorn's options."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(days)
        )
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(private)
    return {"ssl_certfile": str(folder / "cert.pem"), "ssl_keyfile": str(folder / "key.pem")}


async def outcomes(folder, days, ca_file, checks):
    async with standin(**certificate(folder, days)) as url, Platform(Access(url, client_key=CLIENT_KEY), ca_file) as platform:
        return {result.check.name: result for result in await run_all(checks, platform, 20, lambda _: None)}


async def test_a_good_certificate_passes_and_sockets_go_through_it(tmp_path):
    checks = [*TLS, *(check for check in all_checks() if check.name in ("ws_connect", "headers_on_answers"))]
    found = await outcomes(tmp_path, 90, str(tmp_path / "cert.pem"), checks)
    assert {name for name, result in found.items() if result.outcome is Outcome.PASSED} == {*(c.name for c in TLS), "ws_connect"}
    assert "no strict-transport-security with TLS" in found["headers_on_answers"].got, "TLS without HSTS is half of it"


@pytest.mark.parametrize(("days", "trusted", "told"), [(3, True, "3.0 days"), (90, False, "SSLCertVerificationError")])
async def test_a_certificate_that_ends_soon_or_that_nobody_vouches_for_fails(tmp_path, days, trusted, told):
    found = await outcomes(tmp_path, days, str(tmp_path / "cert.pem") if trusted else None, TLS)
    assert found["tls_certificate"].outcome is Outcome.FAILED
    assert told in found["tls_certificate"].got


async def test_what_comes_in_clear_at_the_port_of_https_fails():
    async with standin() as url, Platform(Access(url.replace("http", "https"))) as platform:
        (found,) = await run_all([check for check in TLS if check.name == "tls_only"], platform, 20, lambda _: None)
    assert found.outcome is Outcome.FAILED


def test_asking_for_tls_where_there_is_none_is_wrong_use(capsys):
    assert main(["--base-url", "http://127.0.0.1:1", "--only", "tls_certificate"]) == 2
    assert "needs an https:// address" in capsys.readouterr().err
