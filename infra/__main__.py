"""The Pulumi program: settings, workload, target, outputs."""

import sys
from pathlib import Path

# Pulumi runs this folder; our packages are named from the folder above it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra.settings import load_settings
from infra.targets import TARGETS
from infra.workload import describe

stack = load_settings()
deploy = TARGETS[stack.settings.target]
deploy(stack, describe(stack.settings)).export()
