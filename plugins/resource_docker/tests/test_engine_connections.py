"""Ways to an engine: TCP, TLS with certificates from files or texts, the agreed API version, refusals."""

import datetime
import ipaddress
import shutil
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugins.resource_docker import engine as engine_module
from plugins.resource_docker.engine import Engine, connect, parsed
from plugins.resource_docker.errors import DockerError

SOCKET = "/var/run/docker.sock"


class Forwarder:
    """Passes connections of a TCP port on to Docker's socket, over TLS where a context is given."""

    def __init__(self, context=None):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._context = context
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
                if self._context is not None:
                    client = self._context.wrap_socket(client, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            docker = socket.socket(socket.AF_UNIX)
            docker.connect(SOCKET)
            self._sockets += [client, docker]
            for source, target in ((client, docker), (docker, client)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass

    def close(self):
        self._listener.close()
        for each in self._sockets:
            each.close()


@pytest.fixture
def forwarder():
    running = []

    def start(context=None):
        running.append(Forwarder(context))
        return running[-1].port

    yield start
    for each in running:
        each.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A folder as `docker` keeps it (ca.pem, cert.pem, key.pem), and the server's own pair beside them."""
    folder = tmp_path_factory.mktemp("certificates")
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("ca", ca_key, "ca", ca_key, authority=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name in ("cert", "server"):
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(name, key, "ca", ca_key)
        (folder / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / ("key.pem" if name == "cert" else "server-key.pem")).write_bytes(private)
    return folder


def _certificate(name, key, issuer, issuer_key, *, authority=False):
    now = datetime.datetime.now(datetime.UTC)
    subject, issued_by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    builder = x509.CertificateBuilder(issued_by, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    by_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(by_issuer, critical=False).sign(issuer_key, hashes.SHA256())


@pytest.fixture
def tls_port(forwarder, certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return forwarder(context)


def version(settings):
    engine = Engine(settings)
    try:
        return engine.json("GET", "/version")["ApiVersion"]
    finally:
        engine.close()


@pytest.mark.engine
def test_an_engine_behind_tcp_answers(forwarder):
    assert version({"host": f"tcp://127.0.0.1:{forwarder()}"}), "DOCKER_HOST may name another machine"


@pytest.mark.engine
def test_certificates_are_taken_from_a_folder_and_from_texts(tls_port, certificates):
    host = f"tcp://127.0.0.1:{tls_port}"
    assert version({"host": host, "certPath": str(certificates)}), "certPath is docker's own folder"
    texts = {f"{name}Material": (certificates / f"{name}.pem").read_text() for name in ("ca", "cert", "key")}
    assert version({"host": host, **texts}), "a program may have them as secrets"


@pytest.mark.engine
def test_an_engine_that_another_authority_vouches_for_is_refused(tls_port, certificates, tmp_path):
    for name in ("cert", "key"):
        shutil.copy(certificates / f"{name}.pem", tmp_path)
    stranger = ec.generate_private_key(ec.SECP256R1())
    other = _certificate("ca", stranger, "ca", stranger, authority=True)
    (tmp_path / "ca.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(DockerError, match=r"no Docker engine answers at .*certificate"):
        version({"host": f"tcp://127.0.0.1:{tls_port}", "certPath": str(tmp_path)})


def test_half_of_the_certificates_is_told():
    with pytest.raises(DockerError, match="go together"):
        Engine({"host": "tcp://127.0.0.1:1", "caMaterial": "x"}).ping()


@pytest.mark.engine
def test_the_agreed_version_is_the_engines_but_never_newer_than_this_plugin(monkeypatch, tmp_path):
    own = connect("unix:///var/run/docker.sock", {}, tmp_path)
    engines = own.version(api_version=False)["ApiVersion"]
    assert parsed(own.api_version) == min(parsed(engines), engine_module.NEWEST_API), "it speaks what the engine understands"
    own.close()
    monkeypatch.setattr(engine_module, "NEWEST_API", (1, 40))
    capped = connect("unix:///var/run/docker.sock", {}, tmp_path)
    assert capped.api_version == "1.40", "answers change with the version"
    capped.close()


def test_docker_desktops_socket_is_used_where_there_is_no_other(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(engine_module, "DEFAULT_HOST", f"unix://{tmp_path}/none.sock")
    assert engine_module.default_host() == f"unix://{tmp_path}/none.sock", "the message then names the usual socket"
    (tmp_path / ".docker" / "run").mkdir(parents=True)
    (tmp_path / ".docker" / "run" / "docker.sock").touch()
    assert engine_module.default_host() == f"unix://{tmp_path}/.docker/run/docker.sock", "Docker Desktop without administration"
