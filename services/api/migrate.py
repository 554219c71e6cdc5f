"""`python -m services.api.migrate`: brings the database to this release's schema (`alembic upgrade head`), or says why not
(exit 1).

`python -m services.api.migrate downgrade REVISION` steps back. All steps run in one transaction and wait at most 3 s for a
lock, so a failure leaves the old schema and the old version serving.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from services.api.database_settings import DatabaseSettings
from services.api.environment import SettingsError, load_settings
from services.api.logs import Redaction

USAGE = "usage: python -m services.api.migrate [upgrade [REVISION] | downgrade REVISION]"


def configuration() -> Config:
    """Alembic's, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def main(arguments: list[str]) -> int:
    """Exit codes: 0 done, 1 failed with nothing changed, 2 usage or settings."""
    direction, revision = (arguments + ["upgrade", "head"][len(arguments) :])[:2] if len(arguments) < 3 else ("", "")
    if direction not in {"upgrade", "downgrade"} or (direction == "downgrade" and len(arguments) < 2):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        settings = load_settings(DatabaseSettings)
        config = configuration()
        (command.upgrade if direction == "upgrade" else command.downgrade)(config, revision)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (SQLAlchemyError, CommandError, OSError, ValueError, TimeoutError) as error:
        print(f"error: the migration failed and nothing was changed: {_sentence(error, settings)}", file=sys.stderr)
        return 1
    head = ScriptDirectory.from_config(config).get_current_head()
    print(f"database schema: {direction}d to {revision}{f' ({head})' if revision == 'head' else ''}")
    return 0


def _sentence(error: BaseException, settings: DatabaseSettings) -> str:
    """What went wrong and where, in one line without secrets."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()) or type(cause).__name__
    where = f"{settings.database_host}:{settings.database_port}" if settings.database_host else "the configured database"
    return Redaction(settings.secrets()).text(f"{type(cause).__name__}: {text[:300]} (database {where})")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
