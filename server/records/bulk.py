"""Many rows in one statement: they travel as one JSON text, which the database takes apart itself.

In: rows, or ids. Out: statements with that text as their one parameter, the same statement however many rows there are. A batch of the path
writes hundreds of rows; bound one by one they cost more than all the thinking that led to them (30 to 50 us a row against 3).
The functions are SQLite's (json1.html) and PostgreSQL's (9.16, JSON Functions and Operators).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.records.database import Transaction

#: A row by the names of its columns. All rows of one call have the same names in the same order.
Row: TypeAlias = Mapping[str, Any]

_INSERT: Final = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_encode = msgspec.json.Encoder().encode


def insert_rows(
    connection: Transaction, table: sa.Table, rows: Sequence[Row], *, replacing: tuple[str, ...] = ()
) -> None:
    """Inserts rows. Of one that is there already the columns `replacing` change, or nothing; no key may come twice then."""
    if rows:
        statement = _insert(connection.dialect.name, table, tuple(rows[0]), replacing)
        connection.execute(statement, _parameter(connection, (row.values() for row in rows)))


def update_rows(connection: Transaction, table: sa.Table, rows: Sequence[Row], by: tuple[str, ...]) -> None:
    """Gives the rows that are known `by` these columns the other columns of `rows`. No key may come twice."""
    if rows:
        statement = _update(connection.dialect.name, table, tuple(rows[0]), by)
        connection.execute(statement, _parameter(connection, (row.values() for row in rows)))


def delete_rows(
    connection: Transaction, table: sa.Table, by: tuple[str, ...], keys: Sequence[Sequence[str]]
) -> None:
    """Deletes the rows whose columns `by` are one of `keys`."""
    if keys:
        connection.execute(_delete(connection.dialect.name, table, by), _parameter(connection, keys))


def among(dialect: str, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that `column` is one of the ids that `ids` gives as the parameter."""
    return column.in_(_given(dialect, {"id": sa.Text()}))


def rows_among(
    connection: Transaction, asked: Callable[[str], sa.Select[Any]], some: Collection[str], **more: object
) -> Sequence[sa.Row[Any]]:
    """The rows that a statement with `among` finds for these ids; `asked` makes it for a dialect."""
    if not some:
        return []
    return connection.execute(asked(connection.dialect.name), {**ids(some), **more}).all()


def ids(some: Iterable[str]) -> dict[str, str]:
    """The parameter of a statement with `among`."""
    return {"rows": _encode([(each,) for each in some]).decode()}


@cache
def _insert(dialect: str, table: sa.Table, names: tuple[str, ...], replacing: tuple[str, ...]) -> Any:
    insert: Any = _INSERT[dialect](table).from_select(names, _given(dialect, _types(table, names)))
    if not replacing:
        return insert.on_conflict_do_nothing(index_elements=table.primary_key.columns)
    return insert.on_conflict_do_update(
        index_elements=table.primary_key.columns, set_={name: insert.excluded[name] for name in replacing}
    )


@cache
def _update(dialect: str, table: sa.Table, names: tuple[str, ...], by: tuple[str, ...]) -> sa.Update:
    given = _given(dialect, _types(table, names)).subquery("given")
    return (
        sa.update(table)
        .where(*(table.c[name] == given.c[name] for name in by))
        .values({name: given.c[name] for name in names if name not in by})
    )


@cache
def _delete(dialect: str, table: sa.Table, by: tuple[str, ...]) -> sa.Delete:
    key = sa.tuple_(*(table.c[name] for name in by))
    return sa.delete(table).where(key.in_(_given(dialect, _types(table, by))))


def _types(table: sa.Table, names: Iterable[str]) -> dict[str, Any]:
    return {name: table.c[name].type for name in names}


def _given(dialect: str, columns: Mapping[str, Any]) -> sa.Select[Any]:
    """The rows in the parameter, as a SELECT of columns with these names and types."""
    text = sa.bindparam("rows", type_=sa.Text())
    fields: list[sa.ColumnElement[Any]] = []
    if dialect == "sqlite":
        each = sa.func.json_each(text).table_valued("value")
        for i, (name, kind) in enumerate(columns.items()):
            place: sa.ColumnElement[str] = sa.literal_column(f"'$[{i}]'")
            fields.append(sa.func.json_extract(each.c.value, place, type_=kind).label(name))
    else:
        each = sa.func.json_array_elements(sa.cast(text, sa.JSON)).table_valued(sa.column("value", sa.JSON))
        for i, (name, kind) in enumerate(columns.items()):
            field = each.c.value.op("->>")(sa.literal_column(str(i)))
            fields.append(sa.cast(field, kind).label(name))
    # "WHERE true" lets SQLite tell ON CONFLICT from a join's ON (lang_upsert.html, 2.2).
    return sa.select(*fields).where(sa.true())


def _parameter(connection: Transaction, rows: Iterable[Iterable[Any]]) -> dict[str, str]:
    time = _sqlite_time if connection.dialect.name == "sqlite" else _same
    plain = [[time(value) if isinstance(value, datetime) else value for value in row] for row in rows]
    return {"rows": _encode(plain).decode()}


def _sqlite_time(moment: datetime) -> str:
    """As SQLAlchemy writes times into SQLite, which compares them as texts."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(" ", "microseconds").removesuffix("+00:00")


def _same(moment: datetime) -> datetime:
    return moment
