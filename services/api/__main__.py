"""`python -m services.api`: one uvicorn process; SIGTERM lets running requests end and hands over the ingest."""

import signal
import sys

import uvicorn

from services.api.app import create_app
from services.api.environment import SettingsError, load_settings
from services.api.logs import configure_logs
from services.api.platform import assemble
from services.api.settings import Settings
from services.api.sources import SourceError

GRACE_SECONDS = 10


def main() -> int:
    """Exit codes: 0 stopped as asked, 2 wrong settings or source."""
    try:
        settings = load_settings(Settings)
        configure_logs(settings.log_level, settings.log_level_overrides, settings.secrets(), service="api", node=settings.node_id)
        app = create_app(assemble(settings))
    except (SettingsError, SourceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for ended_by in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again after its graceful stop; ours says that this was all it asked for.
        signal.signal(ended_by, lambda *_: None)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
        backlog=2048,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
