"""Breaks what the platform depends on, on purpose, and judges every answer meanwhile: `python -m loadtests.faults api`."""
