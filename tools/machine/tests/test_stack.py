from pathlib import Path

import pytest

from tools.machine import passphrase, stack
from tools.machine.command import CommandFailed
from tools.machine.console import Step

SETTINGS = "encryptionsalt: v1:x\nconfig:\n  stock-tracker:owner: me\n  stock-tracker:redisPassword:\n    secure: v1:a:b\n"


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """A CLI that keeps what it was told: `calls` of (words, input); `stacks` that exist; `selected` or ''."""

    class Pulumi:
        def __init__(self):
            self.calls, self.stacks, self.selected = [], [], ""

        def __call__(self, program, *words, cwd, given=""):
            said = [word for word in words if word != "--non-interactive"]
            self.calls.append((said, given))
            if said[:2] == ["stack", "--show-name"]:
                if not self.selected:
                    raise CommandFailed(["pulumi"], 1, "no stack selected")
                return self.selected
            return "".join(f'{{"name": "{name}"}}' for name in self.stacks)

        def words(self):
            return [" ".join(words) for words, _ in self.calls]

    fake = Pulumi()
    monkeypatch.setattr(stack, "run", fake)
    monkeypatch.setattr(stack, "ROOT", tmp_path)
    monkeypatch.setattr(passphrase, "check", lambda _: None)
    return fake


def prepare(name="local"):
    step = Step("stack")
    stack.prepare(step, name)
    return step.result


def test_a_first_run_makes_the_stack_and_all_secrets(pulumi):
    prepare()
    assert "stack init local" in pulumi.words()
    made = [words[-1] for words, _ in pulumi.calls if "--secret" in words]
    assert made == list(stack.SECRETS)


def test_a_secret_is_on_no_command_line_and_never_twice_the_same(pulumi):
    prepare()
    given = [text for words, text in pulumi.calls if "--secret" in words]
    assert len(set(given)) == len(stack.SECRETS)
    assert all(len(text) >= 40 for text in given), "32 random bytes each"
    assert not any(text in " ".join(words) for words, _ in pulumi.calls for text in given)


def test_only_what_lacks_is_made(pulumi, tmp_path):
    (tmp_path / "Pulumi.local.yaml").write_text(SETTINGS)
    pulumi.stacks, pulumi.selected = ["local"], "local"
    prepare()
    made = [words[-1] for words, _ in pulumi.calls if "--secret" in words]
    assert made == ["postgresPassword", "controlKey", "clientKey"], "a new redisPassword would lock out a running platform"
    assert not any("owner" in words for words in pulumi.words())


def test_another_selected_stack_stays_selected(pulumi):
    pulumi.stacks, pulumi.selected = ["production"], "production"
    prepare()
    assert "stack init local --no-select" in pulumi.words()


def test_a_stack_that_exists_but_is_not_selected_gets_selected(pulumi):
    pulumi.stacks = ["organization/stock-tracker/local"]
    prepare()
    assert "stack select local" in pulumi.words()
    assert not any("init" in words for words in pulumi.words())


def test_the_owner_is_short_readable_and_one_for_each_checkout():
    assert stack.owner(Path("/home/me/Stock Tracker")).startswith("stock-tracker-")
    assert stack.owner(Path("/a/clone")) != stack.owner(Path("/b/clone")), "each must know its own containers"
