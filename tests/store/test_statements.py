"""Every statement of the package, against the migrated schema: it prepares, and its columns are its row's fields."""

import types
import typing
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from houselights.core.statement import Nothing
from tests.store.statements import collect

_STATEMENTS = collect()
_PYTHON = {
    "bool": bool,
    "bytea": bytes,
    "date": date,
    "float8": float,
    "int2": int,
    "int4": int,
    "int8": int,
    "interval": timedelta,
    "json": str,
    "jsonb": str,
    "name": str,
    "numeric": Decimal,
    "text": str,
    "timestamptz": datetime,
    "uuid": UUID,
    "varchar": str,
}


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The driver itself: only it tells of columns."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


def test_statements_were_found() -> None:
    assert len(_STATEMENTS) > 50


@pytest.mark.parametrize("name", _STATEMENTS)
async def test_a_statement_prepares_and_its_columns_are_its_rows_fields(
    name: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    statement = _STATEMENTS[name]
    columns = (await connection.prepare(statement.sql)).get_attributes()
    if statement.row is Nothing:
        assert columns == ()
        return
    fields = msgspec.structs.fields(statement.row)
    assert [column.name for column in columns] == [field.encode_name for field in fields]
    assert [(column.name, _stored(column.type.name)) for column in columns] == [
        (field.encode_name, _declared(field.type)) for field in fields
    ]


def _stored(postgres: str) -> object:
    """The Python type that the driver makes of a column; a list of it where the column is an array."""
    element = postgres.removesuffix("[]")
    return (list, _PYTHON[element]) if element != postgres else _PYTHON[postgres]


def _declared(annotation: object) -> object:
    """The type that a row's field names: without its NewType and None, a literal as what it is made of."""
    while isinstance(annotation, typing.NewType):
        annotation = annotation.__supertype__
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        (annotation,) = (part for part in arguments if part is not types.NoneType)
        return _declared(annotation)
    if origin is typing.Annotated:
        return _declared(arguments[0])
    if origin is typing.Literal:
        return type(arguments[0])
    if origin in (Sequence, list, tuple):
        return (list, _declared(arguments[0]))
    return annotation
