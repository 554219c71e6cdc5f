"""watchlists: named lists of symbols, each of one owner

Down sets the table aside with its rows, up takes it back: rolling back and forward loses nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ASIDE = "watchlists_set_aside"


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(ASIDE):
        op.rename_table(ASIDE, "watchlists")
        return
    op.create_table(
        "watchlists",
        sa.Column("id", postgresql.UUID(as_uuid=True), primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("symbols", postgresql.ARRAY(sa.String(32)), nullable=False, server_default="{}"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("owner", "name", name="watchlists_owner_name_key"),
        sa.CheckConstraint("cardinality(symbols) <= 200", name="watchlists_symbols_check"),
    )


def downgrade() -> None:
    op.rename_table("watchlists", ASIDE)
