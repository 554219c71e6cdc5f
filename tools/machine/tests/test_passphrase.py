import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tools.machine import passphrase
from tools.machine.problem import Problem


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Pulumi.local.yaml as the CLI writes it, for the passphrase `right`, and no passphrase set anywhere."""
    salt, nonce = os.urandom(8), os.urandom(12)
    key = hashlib.pbkdf2_hmac("sha256", b"right", salt, passphrase.ROUNDS, 32)
    parts = [salt, nonce, AESGCM(key).encrypt(nonce, b"pulumi", None)]
    encoded = [base64.b64encode(part).decode() for part in parts]
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(f"config:\n  stock-tracker:port: 8080\nencryptionsalt: v1:{encoded[0]}:v1:{encoded[1]}:{encoded[2]}\n")
    monkeypatch.setattr(passphrase, "PASSPHRASE", tmp_path / "passphrase")
    monkeypatch.setattr(passphrase, "TOOLS", tmp_path)
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return file


def test_the_right_passphrase_opens_the_stack(settings, tmp_path):
    (tmp_path / "passphrase").write_text("right\n")
    passphrase.check(settings)


def test_a_wrong_passphrase_is_told_with_its_file_before_anything_is_done(settings, tmp_path):
    (tmp_path / "passphrase").write_text("wrong\n")
    with pytest.raises(Problem) as told:
        passphrase.check(settings)
    assert str(tmp_path / "passphrase") in told.value.what
    assert told.value.why == "Nothing was changed."


def test_a_passphrase_that_was_exchanged_is_noticed(settings, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text("right\n")
    passphrase.check(settings)
    file.write_text("wrong\n")
    os.utime(file, ns=(1, 1))  # a copy may keep its old time
    with pytest.raises(Problem):
        passphrase.check(settings)


def test_the_environments_passphrase_counts_before_the_file(settings, tmp_path, monkeypatch):
    (tmp_path / "passphrase").write_text("right\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(Problem, match="PULUMI_CONFIG_PASSPHRASE"):
        passphrase.check(settings)


def test_a_stack_of_another_secrets_provider_is_left_alone(settings):
    settings.write_text("secretsprovider: awskms://x\n")
    passphrase.check(settings)
