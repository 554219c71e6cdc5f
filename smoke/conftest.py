"""`pytest smoke --base-url …` runs the smoke checks themselves; a plain `pytest` of the whole project leaves them out,
because they need a running platform. Named explicitly they are never skipped: no address is an error.
"""

from pathlib import Path

import pytest

from ops.access import Access, AccessError, find_access

OPTIONS = {
    "--base-url": "address of the edge",
    "--client-key-file": "file with the key of socket clients",
    "--control-key-file": "file with the key of control requests",
    "--expect-release": "every part must be this release",
    "--stack": "take what is not given from this Pulumi stack",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `python -m smoke` that say where the platform is."""
    group = parser.getgroup("smoke", "where the platform is")
    for name, text in OPTIONS.items():
        group.addoption(name, help=text)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the checks out where pytest went through all test paths by itself."""
    by_itself = config.args_source is not pytest.Config.ArgsSource.ARGS
    return True if by_itself and collection_path == Path(__file__).with_name("test_smoke.py") else None


@pytest.fixture(scope="session")
def access(pytestconfig: pytest.Config) -> Access:
    """Where the platform is; unset is a failure."""
    given = [pytestconfig.getoption(name) for name in OPTIONS]
    try:
        return find_access(*given)
    except AccessError as error:
        pytest.fail(str(error), pytrace=False)
