"""The Docker engine, as one small HTTP client: where it is, how to talk to it, what its errors say.

Connections (unix socket, TCP, TLS, SSH) and the negotiated API version are the docker SDK's; request bodies are ours,
because the SDK's helpers leave out fields that programs may set.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .errors import DockerError

if TYPE_CHECKING:
    import docker

DEFAULT_HOST = "unix:///var/run/docker.sock"
DEFAULT_TIMEOUT_SECONDS = 120.0
# What this plugin was written for; newer engines speak it, too (29 takes 1.44 and later).
NEWEST_API = (1, 51)
SETTINGS_FROM_ENVIRONMENT = {
    "host": "DOCKER_HOST",
    "caMaterial": "DOCKER_CA_MATERIAL",
    "certMaterial": "DOCKER_CERT_MATERIAL",
    "keyMaterial": "DOCKER_KEY_MATERIAL",
    "certPath": "DOCKER_CERT_PATH",
}


class Engine:
    """One Docker engine; connects at the first request. Safe for use by several threads."""

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        """settings: the provider's inputs (host, certPath, caMaterial …); unset ones come from the environment."""
        self.settings = dict(settings or {})
        for key, variable in SETTINGS_FROM_ENVIRONMENT.items():
            if not self.settings.get(key) and os.environ.get(variable):
                self.settings[key] = os.environ[variable]
        self.host = str(self.settings.get("host") or default_host())
        self._client: docker.APIClient | None = None
        self._certificates: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._certificates is not None:
            self._certificates.cleanup()
            self._certificates = None

    @property
    def api_version(self) -> tuple[int, int]:
        return parsed(self._connected().api_version)

    def ping(self) -> None:
        """Raise DockerError where no engine answers."""
        self.json("GET", "/_ping")

    def json(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS,
    ) -> Any:
        """Send a request and return the decoded answer, None where there is none; DockerError for a refusal."""
        response = self._send(method, path, body, params, headers, timeout_seconds, stream=False)
        try:
            return response.json()
        except ValueError:
            return None

    def stream(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[dict[str, Any], None, None]:
        """Send a request whose answer is one JSON object after another, for as long as it takes."""
        response = self._send(method, path, body, params, headers, None, stream=True)
        with response:
            for line in response.iter_lines(chunk_size=1024):
                if line:
                    yield json.loads(line)

    def raw(self, method: str, path: str, *, params: Mapping[str, Any] | None = None) -> bytes:
        """The answer as it came, for as long as it takes (logs)."""
        content: bytes = self._send(method, path, None, params, None, None, stream=False).content
        return content

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        timeout_seconds: float | None,
        *,
        stream: bool,
    ) -> Any:
        import requests

        client = self._connected()
        raw_body = isinstance(body, bytes) or hasattr(body, "read")
        try:
            response = client.request(
                method,
                f"{client.base_url}/v{client.api_version}{path}",
                params=params,
                headers=headers,
                data=body if raw_body else None,
                json=None if raw_body else body,
                timeout=timeout_seconds,
                stream=stream,
                verify=client.verify,
            )
        except requests.exceptions.Timeout:
            raise DockerError(f"Docker at {self.host} did not answer {method} {path} within {timeout_seconds} s") from None
        except requests.exceptions.RequestException as error:
            raise DockerError(f"Docker at {self.host} cannot be reached: {error}") from None
        if response.status_code >= 400:
            with response:
                raise DockerError(_message(response), response.status_code)
        return response

    def _connected(self) -> docker.APIClient:
        if self._client is None:
            self._certificates = TemporaryDirectory(prefix="pulumi-docker-")
            try:
                self._client = connect(self.host, self.settings, Path(self._certificates.name))
            except DockerError:
                self.close()
                raise
        return self._client


def default_host() -> str:
    """The system's socket; where there is none, the one that Docker Desktop keeps for its user."""
    own = [Path.home() / ".docker" / "run" / "docker.sock", Path.home() / ".docker" / "desktop" / "docker.sock"]
    if not Path(DEFAULT_HOST.removeprefix("unix://")).exists():
        return next((f"unix://{socket}" for socket in own if socket.exists()), DEFAULT_HOST)
    return DEFAULT_HOST


def dotted(api_version: tuple[int, int]) -> str:
    return f"{api_version[0]}.{api_version[1]}"


def _message(response: Any) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.text).strip() or f"HTTP {response.status_code}"


def connect(host: str, settings: Mapping[str, Any], folder: Path) -> docker.APIClient:
    """Connect and agree on an API version; raises DockerError where no engine answers.

    folder: where certificates that come as texts are kept for as long as the client lives.
    """
    import docker
    import requests
    from docker.errors import DockerException

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # a full connection pool is no news
    options = {"base_url": host, "timeout": 60, "tls": _tls(host, settings, folder), "use_ssh_client": host.startswith("ssh://")}
    try:
        with docker.APIClient(version=dotted(NEWEST_API), **options) as client:
            # `verify` is said again, or REQUESTS_CA_BUNDLE would win over the program's certificates.
            response = client.request("GET", f"{client.base_url}/version", timeout=60, verify=client.verify)
            response.raise_for_status()
            version = min(parsed(response.json()["ApiVersion"]), NEWEST_API)
        return docker.APIClient(version=dotted(version), **options)
    except (DockerException, requests.exceptions.RequestException, ValueError, KeyError) as error:
        raise DockerError(
            f"no Docker engine answers at {host} ({error}); start it, or name another one in DOCKER_HOST or docker:host"
        ) from None


def parsed(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _tls(host: str, settings: Mapping[str, Any], folder: Path) -> Any:
    if not host.startswith(("tcp://", "https://")):
        return False
    material = {name: settings.get(f"{name}Material") for name in ("ca", "cert", "key")}
    path = settings.get("certPath")
    if any(material.values()):
        if path or not all(material.values()):
            raise DockerError("caMaterial, certMaterial and keyMaterial go together, and without certPath")
        for name, text in material.items():
            (folder / f"{name}.pem").write_text(str(text))
        path = folder
    if not path:
        return False
    from docker.tls import TLSConfig

    files = {name: str(Path(str(path)) / f"{name}.pem") for name in ("ca", "cert", "key")}
    return TLSConfig(client_cert=(files["cert"], files["key"]), ca_cert=files["ca"], verify=True)
