"""Names of images, and whose login goes to which registry."""

import base64
import json

import pytest

from plugins.resource_docker import images
from plugins.resource_docker.engine import Engine
from plugins.resource_docker.engine_log import EngineLog
from plugins.resource_docker.resource_type import Context


@pytest.mark.parametrize(
    ("name", "repository", "tag", "registry"),
    [
        ("redis", "redis", "latest", "docker.io"),
        ("redis:8", "redis", "8", "docker.io"),
        ("user/app:v1", "user/app", "v1", "docker.io"),
        ("localhost:5000/app", "localhost:5000/app", "latest", "localhost:5000"),
        ("ghcr.io/o/app:v1", "ghcr.io/o/app", "v1", "ghcr.io"),
        ("ghcr.io/o/app@sha256:ab", "ghcr.io/o/app", "sha256:ab", "ghcr.io"),
        ("ghcr.io/o/app:v1@sha256:ab", "ghcr.io/o/app", "sha256:ab", "ghcr.io"),
    ],
)
def test_a_name_tells_repository_tag_and_registry(name, repository, tag, registry):
    assert images.split_tag(name) == (repository, tag), "another image would be pulled"
    assert images.registry_of(name) == registry, "another registry would get the login"


def test_the_digest_of_the_right_repository_is_taken():
    found = {"RepoDigests": ["a/x@sha256:1", "b/y@sha256:2"]}
    assert images.repo_digest("b/y:v1", found) == "b/y@sha256:2", "an image may be in several repositories"
    assert images.repo_digest("b/y:v1", {"RepoDigests": None}) == "", "a local image has none"


def context(*entries):
    return Context(Engine({"registryAuth": list(entries)}), EngineLog())


def test_the_providers_login_goes_to_its_own_registry_only(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    given = context({"address": "https://ghcr.io", "username": "me", "password": "pw"})
    expected = {"username": "me", "password": "pw", "serveraddress": "ghcr.io"}
    assert images.credentials(given, "ghcr.io") == expected, "a private image could not be pulled"
    assert images.credentials(given, "docker.io") == {}, "the password would be sent to somebody else"


def test_a_login_that_is_switched_off_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    given = context({"address": "ghcr.io", "username": "me", "password": "pw", "authDisabled": True})
    assert images.credentials(given, "ghcr.io") == {}, "authDisabled says so"


def test_dockers_own_credential_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    login = base64.b64encode(b"me:pw").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"ghcr.io": {"auth": login}}}))
    assert images.credentials(context(), "ghcr.io")["username"] == "me", "`docker login` is all a person should need"


def test_dockers_own_registry_has_an_old_name_for_its_login():
    assert images.login("docker.io", "me", "pw")["serveraddress"] == "https://index.docker.io/v1/", "the engine looks there"
