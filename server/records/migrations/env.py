"""Run by alembic, by path, from `server/records/schema.py`, which hands it the open connection and its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import AutoString

from server.records.tables import Table, UtcTime


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Writes the house's own types as the plain ones that they are in a database: history must not need today's code."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    compare_type=True,
    render_item=render_item,
    # SQLite cannot alter most things in place: alembic copies the table into one of the new shape.
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
