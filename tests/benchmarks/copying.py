"""How fast the database server itself takes rows: COPY of a ready binary file that it reads by itself. Nobody who sends rows is faster.

A row is as in the reference figures - tag, time, value, quality - once into a table with a BRIN index by time, once with a unique index
by tag and time as well. The journal's own rows are wider and have such an index, so for it the second is the nearer limit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import asyncpg

from namespace.servers.postgres import Postgres

_ROWS = 400_000
_TAGS = 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows a second.

    Attributes:
        plain: With a BRIN index by time.
        unique: With a unique index by tag and time beside it.
    """

    plain: float
    unique: float


async def copy_limits(server: Postgres) -> Limits:
    """Measure what the server can do now."""
    connection = await asyncpg.connect(server.dsn())
    file = server.folder / "data" / "bench-copy.bin"
    try:
        await connection.execute(
            f"CREATE UNLOGGED TABLE made AS SELECT (n % {_TAGS})::int AS tag, 1780000000000 + n / {_TAGS} AS at_ms, "
            f"random() * 1e6 AS value, 192::smallint AS quality FROM generate_series(0::bigint, {_ROWS - 1}) AS n"
        )
        await connection.execute(f"COPY made TO '{file}' (FORMAT binary)")
        plain = await _copied(connection, str(file), "CREATE INDEX ON target USING brin (at_ms)")
        unique = await _copied(connection, str(file), "CREATE UNIQUE INDEX ON target (tag, at_ms)")
        return Limits(plain, unique)
    finally:
        await connection.execute("DROP TABLE IF EXISTS made, target")
        await connection.close()


async def _copied(connection: asyncpg.Connection, file: str, index: str) -> float:
    rates = []
    for _ in range(3):
        await connection.execute("DROP TABLE IF EXISTS target")
        await connection.execute(
            "CREATE TABLE target (tag int NOT NULL, at_ms bigint NOT NULL, value float8, quality smallint NOT NULL)"
        )
        await connection.execute(index)
        began = time.monotonic()
        await connection.execute(f"COPY target FROM '{file}' (FORMAT binary)")
        rates.append(_ROWS / (time.monotonic() - began))
    return sorted(rates)[1]
