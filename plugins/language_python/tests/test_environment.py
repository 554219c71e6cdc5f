import sys

import pytest

from plugins.language_python.environment import BrokenEnvironment, inspect


def test_the_environment_tells_its_python_distributions_and_plugins(tmp_path):
    environment = inspect(sys.executable, str(tmp_path))
    by_name = {item.name.lower().replace("_", "-"): item for item in environment.distributions}
    assert environment.executable == sys.executable
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert by_name["pulumi"].required, "pulumi-docker asks for pulumi"
    assert not by_name["pulumi-docker"].required, "nothing asks for pulumi-docker: the program names it itself"
    assert {"resource": True, "name": "docker", "version": by_name["pulumi-docker"].version} in environment.plugins


def test_an_installed_plugin_file_is_found_on_the_path_of_that_python(tmp_path, monkeypatch):
    package = tmp_path / "site" / "some_provider"
    package.mkdir(parents=True)
    (package / "pulumi-plugin.json").write_text('{"resource": true, "name": "some", "version": "1.2.3"}')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    names = [plugin["name"] for plugin in inspect(sys.executable, str(tmp_path)).plugins]
    assert "some" in names, "a generated SDK on the path needs its plugin as well"


def test_a_python_that_cannot_start_is_named(tmp_path):
    with pytest.raises(BrokenEnvironment, match="/no/such/python"):
        inspect("/no/such/python", str(tmp_path))


def test_a_python_that_fails_shows_its_own_words(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho cannot load libfoo >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(BrokenEnvironment, match="cannot load libfoo"):
        inspect(str(broken), str(tmp_path))
