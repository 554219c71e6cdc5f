"""`python -m services.ws`: one node. Exit 0 after a drain, 2 when the environment is wrong, 1 when it cannot start."""

import sys

import uvloop

from services.ws.log import configure
from services.ws.server import Node
from services.ws.settings import SettingsError, load


def main() -> int:
    """Read the environment, run until a signal."""
    try:
        settings = load()
        for name in ("redis_password", "control_key", "client_key"):
            settings.secret(name)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    configure(settings.log_level, settings.node_id, settings.release)

    async def run() -> None:
        await Node(settings).run()

    try:
        uvloop.run(run())
    except OSError as error:
        print(f"cannot serve on port {settings.port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
