"""`python -m loadtests.proof`: measures every promise of objectives.toml on a running platform and writes one report."""
