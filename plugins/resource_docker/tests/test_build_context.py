"""Build contexts: the digest that decides about a rebuild, and the archive that Docker gets."""

import hashlib
import os
import stat
import tarfile

import pytest

from plugins.resource_docker import build_context


@pytest.fixture
def context(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app" / "main.py").write_text("print(1)\n")
    (tmp_path / "app" / "main.py").chmod(0o644)
    (tmp_path / "app" / "Dockerfile").chmod(0o644)
    return tmp_path / "app"


def digest(context, dockerfile="Dockerfile"):
    return build_context.digest(str(context), str(context / dockerfile))


def members(context, dockerfile):
    archive, name = build_context.archive(str(context), str(dockerfile))
    with archive, tarfile.open(fileobj=archive) as tar:
        return {member.name: member for member in tar}, name


def test_the_digest_is_over_names_modes_and_contents(context):
    def part(name, mode, text):
        return name.encode() + mode.encode() + hashlib.sha256(text.encode()).digest() + b"\0"

    expected = part("Dockerfile", "----------", "FROM scratch\n") + part("Dockerfile", "-rw-r--r--", "FROM scratch\n")
    expected += part("main.py", "-rw-r--r--", "print(1)\n")
    assert digest(context) == hashlib.sha256(expected).hexdigest(), "a stack that changes hands would be rebuilt"


@pytest.mark.parametrize(
    "change",
    [
        lambda context: (context / "main.py").write_text("print(2)\n"),
        lambda context: (context / "main.py").chmod(0o755),
        lambda context: (context / "main.py").rename(context / "other.py"),
        lambda context: (context / "link").symlink_to("main.py"),
        lambda context: (context / "Dockerfile").write_text("FROM scratch\nCMD x\n"),
    ],
)
def test_whatever_reaches_the_image_changes_the_digest(context, change):
    before = digest(context)
    change(context)
    assert digest(context) != before, "the image would not be built again"


def test_ignored_files_and_times_do_not_change_the_digest(context):
    (context / ".dockerignore").write_text("*.log\n")
    before = digest(context)
    (context / "x.log").write_text("x")
    os.utime(context / "main.py", (1, 1))
    assert digest(context) == before, "each run would build again"


def test_a_link_counts_by_where_it_leads(context, monkeypatch):
    monkeypatch.chdir(context.parent)
    (context / "deep").mkdir()
    (context / "deep" / "file").write_text("x")
    (context / "link").symlink_to("deep")
    assert build_context.evaluated_link("app/link") == "app/deep", "the official digest hashes the relative path"
    assert build_context.evaluated_link("app/link/file") == "app/deep/file", "a link on the way is followed"
    (context / "absolute").symlink_to(context / "deep")
    assert build_context.evaluated_link("app/absolute") == str(context / "deep"), "an absolute link stays absolute"
    (context / "broken").symlink_to("nowhere")
    with pytest.raises(OSError, match="broken"):
        build_context.evaluated_link("app/broken")


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (stat.S_IFREG | 0o644, "-rw-r--r--"),
        (stat.S_IFREG | 0o4755, "urwxr-xr-x"),
        (stat.S_IFLNK | 0o777, "Lrwxrwxrwx"),
        (stat.S_IFREG | 0o1700, "trwx------"),
        (stat.S_IFIFO | 0o600, "prw-------"),
    ],
)
def test_modes_are_written_as_go_does(mode, text):
    assert build_context.mode_text(mode) == text, "the digest would differ from the official one"


def test_the_archive_belongs_to_root_and_has_no_pax_headers(context):
    long_name = "x" * 120 + "/" + "y" * 120
    (context / long_name).parent.mkdir()
    (context / long_name).write_text("z")
    archive, name = build_context.archive(str(context), str(context / "Dockerfile"))
    with archive:
        raw = archive.read()
    assert b"PaxHeader" not in raw, "Docker 20.10 would take the header for the Dockerfile"
    found, _ = members(context, context / "Dockerfile")
    assert {long_name, "main.py", "Dockerfile"} <= found.keys(), found.keys()
    assert {member.uid for member in found.values()} == {0}, "files of the builder's user have no owner in the image"
    assert name == "Dockerfile", name


def test_a_dockerfile_outside_the_context_is_added_under_a_name_of_its_own(context):
    outside = context.parent / "api.Dockerfile"
    outside.write_text("FROM other\n")
    found, name = members(context, outside)
    assert name.startswith(".dockerfile."), "it must not replace a file of the context"
    assert found[name].size == len("FROM other\n"), "Docker builds from it"


def test_an_ignored_dockerfile_is_sent_all_the_same(context):
    (context / ".dockerignore").write_text("*\n!main.py\n")
    found, name = members(context, context / "Dockerfile")
    assert found.keys() == {"main.py", "Dockerfile"}, "Docker needs the Dockerfile, and nothing else that is ignored"
    assert name == "Dockerfile", name
