"""Down: the data stays, and how to remove it is said; then nothing is left."""

import re
import subprocess

import pytest

from ops.inventory import Inventory
from ops.tests.stack.observed import STACK_NAME, volumes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_down_leaves_the_data_and_says_so_and_without_it_nothing(checkout, up_once, engine):
    checkout.configure(keepData="true")
    assert checkout.ops("up", "--no-smoke").returncode == 0
    down = checkout.ops("down")
    assert down.returncode == 0, down.stdout
    data = {f"stock-tracker-{STACK_NAME}-redis-data", f"stock-tracker-{STACK_NAME}-database-data"}
    assert set(volumes(engine)) == data, "data must outlive the stack"
    [command] = re.findall(r"docker volume rm .*", down.stdout)
    subprocess.run(command.split(), check=True, capture_output=True)
    assert Inventory().of_stack(f"stock-tracker/{STACK_NAME}") == [], "nothing may be left"
    assert checkout.pulumi("stack", "rm", "--yes").returncode == 0
