import errno
from pathlib import Path

import pytest

from tools.machine import go_build, pulumi_cli


def cli(folder, version):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(pulumi_cli, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(pulumi_cli, "LINK", tmp_path / ".tools/bin/pulumi")
    monkeypatch.setattr(pulumi_cli, "ON_PATH", tmp_path / ".tools/pulumi-on-path")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "taken"), [("v3.272.0", True), ("3.300.1", True), ("v4.0.0", True), ("v3.271.9", False), ("", False)]
)
def test_an_installed_cli_counts_from_3_272_on(tmp_path, monkeypatch, version, taken):
    installed = cli(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert pulumi_cli.installed_cli() == (installed if taken else None)


def test_our_own_link_is_not_an_installed_cli(tmp_path, monkeypatch):
    cli(tmp_path / ".tools/bin", "v3.274.1")
    monkeypatch.setenv("PATH", str(tmp_path / ".tools/bin"))  # a shell after eval "$(./pulumiw env)"
    assert pulumi_cli.installed_cli() is None


def test_an_installed_cli_without_a_language_host_gets_ours(tmp_path, monkeypatch):
    installed = cli(tmp_path / "bin", "v3.274.1")
    ours = cli(tmp_path / ".tools/bin", "").with_name(pulumi_cli.LANGUAGE_HOST)
    ours.write_text("#!/bin/sh\n")
    ours.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{tmp_path / '.tools/bin'}")
    assert not pulumi_cli._has_language_host(installed), "ours on the PATH is not its own"
    (tmp_path / "bin" / pulumi_cli.LANGUAGE_HOST).touch()
    assert pulumi_cli._has_language_host(installed)


def test_the_build_is_keyed_by_version_and_lock(tmp_path, monkeypatch):
    first = pulumi_cli.cached_cli()
    assert go_build.pinned_version() in str(first)
    changed = tmp_path / "module"
    changed.mkdir()
    for name in ("go.mod", "go.sum"):
        (changed / name).write_bytes((go_build.MODULE / name).read_bytes())
    (changed / "go.sum").write_text("changed")
    monkeypatch.setattr(go_build, "MODULE", changed)
    assert pulumi_cli.cached_cli() != first, "another lock is another CLI"


def test_the_cache_is_where_xdg_says(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert Path("/somewhere/stock-tracker") in pulumi_cli.cached_cli().parents


def test_the_link_is_the_same_file_as_the_build(tmp_path):
    source = cli(tmp_path / "cache", "v3.274.1")
    pulumi_cli._link(source)
    assert pulumi_cli.LINK.stat().st_ino == source.stat().st_ino, "120 MB once, however many checkouts"
    assert not pulumi_cli.LINK.is_symlink(), "through a symbolic link the CLI does not find its plugins"


def test_another_file_system_gets_a_copy_once(tmp_path, monkeypatch):
    source = cli(tmp_path / "cache", "v3.274.1")

    def refuse(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    pulumi_cli._link(source)
    copied = pulumi_cli.LINK.stat()
    pulumi_cli._link(source)
    assert pulumi_cli.LINK.stat().st_ino == copied.st_ino != source.stat().st_ino


def test_a_new_build_replaces_the_old_link(tmp_path):
    pulumi_cli._link(cli(tmp_path / "old", "v3.274.0"))
    newer = cli(tmp_path / "new", "v3.275.0-longer")
    pulumi_cli._link(newer)
    assert pulumi_cli.version(pulumi_cli.LINK) == "v3.275.0-longer"


def test_an_installed_cli_leaves_no_link_of_ours(tmp_path):
    pulumi_cli._link(cli(tmp_path / "cache", "v3.274.1"))
    pulumi_cli._use_installed(tmp_path / "usr/bin/pulumi")
    assert not pulumi_cli.LINK.exists(), "pulumiw would prefer it"
    assert pulumi_cli.ON_PATH.exists()
