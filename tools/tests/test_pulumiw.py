"""pulumiw in a checkout of its own, with a CLI that tells what it was given."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PULUMIW = Path(__file__).resolve().parents[2] / "pulumiw"

# Tells its words, its environment and its input on stdout, then ends with 7.
TELLING_CLI = f"""#!{sys.executable}
import json, os, sys
words = sys.argv[1:]
read = sys.stdin.read() if "read" in words else ""
told = {{name: value for name, value in os.environ.items() if name.startswith("PULUMI_")}}
print(json.dumps({{"words": words, "env": told, "read": read, "cwd": os.getcwd()}}))
sys.exit(7)
"""


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "check out's"  # a blank and a quote, as in a home folder of a person
    for folder in (".tools/bin", ".venv/bin", "tools"):
        (root / folder).mkdir(parents=True)
    shutil.copy(PULUMIW, root / "pulumiw")
    executable(root / ".tools/bin/pulumi", TELLING_CLI)
    executable(root / ".venv/bin/python", "#!/bin/sh\n")
    (root / ".tools/ready").touch()
    return root


def executable(file, text):
    file.write_text(text)
    file.chmod(0o755)


def call(checkout, *words, given="", cwd=None, **environment):
    return subprocess.run(
        [checkout / "pulumiw", *words], input=given, cwd=cwd or checkout, capture_output=True, text=True,
        env={"PATH": os.defpath, "HOME": str(checkout), **environment}, check=False,
    )  # fmt: skip


def told(result):
    return json.loads(result.stdout)


def test_words_input_folder_and_exit_code_are_pulumis_own(checkout, tmp_path):
    result = call(checkout, "up", "--yes", "a b", "read", given="secret value", cwd=tmp_path)
    assert result.returncode == 7
    assert told(result)["words"] == ["up", "--yes", "a b", "read"]
    assert told(result)["read"] == "secret value", "`config set --secret` reads the value from there"
    assert told(result)["cwd"] == str(tmp_path), "pulumi looks for Pulumi.yaml from where the user is"


def test_backend_and_passphrase_file_are_those_of_the_checkout(checkout):
    environment = told(call(checkout, "up"))["env"]
    assert environment["PULUMI_BACKEND_URL"] == f"file://{str(checkout).replace(' ', '%20')}"
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(checkout / ".stock-tracker/passphrase")
    assert "PULUMI_HOME" not in environment, "an own home only where our own plugins are"


def test_what_the_user_has_set_stays(checkout):
    mine = {"PULUMI_BACKEND_URL": "s3://b", "PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_HOME": "/h", "PULUMI_SKIP_UPDATE_CHECK": "0"}
    (checkout / ".pulumi-home/plugins").mkdir(parents=True)
    environment = told(call(checkout, "up", **mine))["env"]
    assert mine.items() <= environment.items()
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment, "an empty passphrase is a passphrase too"
    assert not (checkout / ".stock-tracker").exists()


def test_our_plugins_bring_their_own_home_and_no_downloads(checkout):
    (checkout / ".pulumi-home/plugins").mkdir(parents=True)
    environment = told(call(checkout, "up"))["env"]
    assert environment["PULUMI_HOME"] == str(checkout / ".pulumi-home")
    assert environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_the_passphrase_is_made_once_and_only_its_owner_may_read_it(checkout):
    call(checkout, "up")
    file = checkout / ".stock-tracker/passphrase"
    first = file.read_text()
    assert len(first.strip()) >= 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    call(checkout, "up")
    assert file.read_text() == first, "another passphrase would lock the state for ever"
    assert [entry.name for entry in file.parent.iterdir()] == ["passphrase"], "no second copy stays behind"


def test_a_lost_passphrase_is_not_replaced_while_there_is_state(checkout):
    (checkout / ".pulumi/stacks").mkdir(parents=True)
    result = call(checkout, "up")
    assert result.returncode == 2
    assert "Put the file back" in result.stderr
    assert not (checkout / ".stock-tracker/passphrase").exists()


def test_env_gives_a_shell_the_same(checkout):
    lines = call(checkout, "env").stdout
    script = f'{lines}\npulumi up; cd /; eval "$({shlex_quote(checkout / "pulumiw")} env)"; echo "$PATH"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env={"PATH": os.defpath}, check=False)
    first, path = shell.stdout.splitlines()
    assert json.loads(first)["env"] == told(call(checkout, "up"))["env"]
    assert path.split(os.pathsep).count(str(checkout / ".tools/bin")) == 1, "a second eval adds nothing"


def test_env_with_more_words_is_pulumis_own_command(checkout):
    assert told(call(checkout, "env", "ls"))["words"] == ["env", "ls"]


def test_a_missing_set_up_is_made_first_and_keeps_standard_output_clean(checkout):
    (checkout / ".tools/bin/pulumi").rename(checkout / "kept")
    executable(
        checkout / "tools/bootstrap",
        '#!/bin/sh\necho setting up\ncp "$(dirname "$0")/../kept" "$(dirname "$0")/../.tools/bin/pulumi"\n',
    )
    result = call(checkout, "stack", "output", "--json")
    assert told(result)["words"] == ["stack", "output", "--json"], "a script reads standard output"
    assert "setting up" in result.stderr


def test_a_set_up_that_was_cut_off_is_finished_first(checkout):
    (checkout / ".tools/ready").unlink()
    executable(checkout / "tools/bootstrap", "#!/bin/sh\necho finishing\n")
    result = call(checkout, "up")
    assert "finishing" in result.stderr
    assert told(result)["words"] == ["up"]


def test_set_up_itself_is_not_sent_back_to_set_up(checkout):
    (checkout / ".tools/ready").unlink()
    assert told(call(checkout, "stack", STOCK_TRACKER_BOOTSTRAP="1"))["words"] == ["stack"]


def test_a_set_up_that_fails_ends_with_its_code(checkout):
    (checkout / ".tools/bin/pulumi").unlink()
    executable(checkout / "tools/bootstrap", "#!/bin/sh\necho no Docker >&2\nexit 2\n")
    result = call(checkout, "up")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no Docker" in result.stderr


def test_an_installed_cli_is_used_where_set_up_chose_it(checkout, tmp_path):
    (checkout / ".tools/bin/pulumi").unlink()
    (checkout / ".tools/pulumi-on-path").touch()
    installed = tmp_path / "usr-bin"
    installed.mkdir()
    executable(installed / "pulumi", TELLING_CLI)
    result = call(checkout, "version", PATH=f"{installed}:{os.defpath}")
    assert told(result)["words"] == ["version"]
    assert "PULUMI_SKIP_UPDATE_CHECK" not in told(result)["env"], "an installed CLI may look for its updates"
    assert ".tools/bin" not in call(checkout, "env", PATH=f"{installed}:{os.defpath}").stdout


def shlex_quote(path):
    return "'" + str(path).replace("'", "'\\''") + "'"
