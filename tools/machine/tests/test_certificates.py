import pytest

from tools.machine import certificates
from tools.machine.console import Step


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host without any bundle; returns a folder for some."""
    for name in certificates.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(certificates, "FILE", tmp_path / "build-ca.crt")
    monkeypatch.setattr(certificates, "LOCAL", tmp_path / "local")
    return tmp_path


def test_a_plain_host_passes_nothing_to_builds(host):
    certificates.prepare(Step("build CA"))
    assert not certificates.FILE.exists()


def test_the_named_bundle_reaches_builds_once(host, monkeypatch):
    (host / "bundle.pem").write_text("PROXY\n")
    for name in ("SSL_CERT_FILE", "PIP_CERT"):
        monkeypatch.setenv(name, str(host / "bundle.pem"))
    certificates.prepare(Step("build CA"))
    assert certificates.FILE.read_text() == "PROXY\n"


def test_an_unchanged_bundle_is_not_written_again(host, monkeypatch):
    (host / "bundle.pem").write_text("PROXY\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(host / "bundle.pem"))
    certificates.prepare(Step("build CA"))
    before = certificates.FILE.stat().st_mtime_ns
    certificates.prepare(Step("build CA"))
    assert certificates.FILE.stat().st_mtime_ns == before, "a new time could make builds run again"


def test_a_certificate_of_the_hosts_own_reaches_builds(host, monkeypatch):
    (host / "local").mkdir()
    (host / "local" / "proxy.crt").write_text("PROXY")
    (host / "all.crt").write_text("ALL\nPROXY\n")
    monkeypatch.setattr(certificates, "CERTIFICATES", host / "all.crt")
    certificates.prepare(Step("build CA"))
    assert certificates.FILE.read_text() == "ALL\nPROXY\n"


def test_a_file_that_someone_put_there_stays(host):
    certificates.FILE.write_text("MINE")
    certificates.prepare(Step("build CA"))
    assert certificates.FILE.read_text() == "MINE"
