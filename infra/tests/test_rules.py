"""The program is held to Pulumi's official plugins: it may know nothing that is special to ours."""

import ast
import sys
from pathlib import Path

INFRA = Path(__file__).parents[1]
ALLOWED = {"pulumi", "pulumi_docker", "pydantic", "infra"}


def imports_of(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute, or Pulumi's working folder would decide what they mean"
            yield node.module


def test_the_program_imports_pulumi_pydantic_the_standard_library_and_our_contract_only():
    files = [file for file in INFRA.rglob("*.py") if "tests" not in file.parts]
    assert len(files) > 10, "the program must be found"
    for file in files:
        for name in imports_of(file):
            first = name.partition(".")[0]
            known = first in ALLOWED or first in sys.stdlib_module_names or name.startswith("services.contract")
            assert known, f"{file.relative_to(INFRA)} imports {name}"


def test_only_settings_reads_the_configuration():
    for file in INFRA.rglob("*.py"):
        if "tests" not in file.parts and file.name != "settings.py":
            assert "pulumi.Config" not in file.read_text(), f"{file.name} would be a second configuration system"


def test_no_file_is_a_drawer():
    for file in INFRA.rglob("*.py"):
        if "tests" not in file.parts:
            assert len(file.read_text().splitlines()) <= 260, f"{file.name} holds more than one noun"
