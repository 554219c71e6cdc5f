"""Ignore files: which files of a build context count."""

import os

import pytest

from plugins.resource_docker import dockerignore


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "docs/a/README.md", True),
        ("**/*.md", "README.md", True),
        ("docs", "docs/a/b.txt", True),
        ("/docs/", "docs/a.txt", True),
        ("docs", "docs2/a.txt", False),
        ("a?c", "abc", True),
        ("a[bc]d", "acd", True),
        ("a[bc]d", "aed", False),
        ("*\n!keep.txt", "keep.txt", False),
        ("*\n!keep.txt", "other.txt", True),
        ("*\n!services/api", "services/api/main.py", False),
        ("*\n!services/api\nservices/api/tests", "services/api/tests/x.py", True),
        ("!keep.txt\n*", "keep.txt", True),
        ("# comment\n\n  \nx", "x", True),
        ("# comment", "# comment", False),
        ("temp/**", "temp/a/b", True),
        ("**/temp", "a/b/temp/c", True),
        ("a.b", "axb", False),
        ("\\*.txt", "*.txt", True),
        ("\\*.txt", "a.txt", False),
        (".", "a.txt", False),
    ],
)
def test_a_line_counts_as_docker_reads_it(lines, path, ignored):
    assert dockerignore.is_ignored(path, dockerignore.parse(lines)) is ignored, "another image would be built than Docker's own"


@pytest.mark.parametrize("line", ["a[b", "!"])
def test_a_line_that_is_no_pattern_is_an_error(line):
    with pytest.raises(ValueError, match="illegal"):
        dockerignore.parse(line)


def test_the_dockerfiles_own_ignore_file_comes_before_the_contexts(tmp_path):
    (tmp_path / ".dockerignore").write_text("a")
    dockerfile = tmp_path / "Dockerfile"
    assert dockerignore.ignore_file(str(tmp_path), str(dockerfile)) == tmp_path / ".dockerignore", "the context's is read"
    (tmp_path / "Dockerfile.dockerignore").write_text("b")
    found = dockerignore.ignore_file(str(tmp_path), str(dockerfile))
    assert found == tmp_path / "Dockerfile.dockerignore", "two images from one context have two lists"


def test_the_walk_goes_by_names_and_does_not_enter_what_is_ignored(tmp_path, monkeypatch):
    for name in ("b.txt", "a/2.txt", "a/1.txt", "node_modules/x/y.js", "a-b.txt", "big/keep/k.txt", "big/other/o.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    entered: list[str] = []
    scandir = os.scandir

    def watched(path):
        entered.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", watched)
    patterns = dockerignore.parse("node_modules\nbig\n!big/keep")
    paths = [path for path, _ in dockerignore.walk(str(tmp_path), patterns)]
    assert paths == ["a", "a/1.txt", "a/2.txt", "a-b.txt", "b.txt", "big/keep", "big/keep/k.txt"], (
        "the digest depends on the order"
    )
    assert not any("node_modules" in path or "other" in path for path in entered), "an ignored folder may hold a million files"
