"""One number for all values of a table, made by PostgreSQL's SQL from the source and by DuckDB's SQL from
the parts of the copy: the sum over all rows of 60 bits of the MD5 of the row's text."""

# How both sides spell a value alike; elsewhere the plain texts agree.
POSTGRES = {"timestamp with time zone": "(extract(epoch FROM {0}) * 1000000)::bigint",
            # Multiples of 2^-63, as the generator makes them: exact as whole numbers.
            "double precision": "({0} * 9223372036854775808)::bigint"}
DUCKDB = {"timestamp with time zone": "epoch_us({0})",
          "double precision": "CAST({0} * 9223372036854775808 AS BIGINT)"}


def _row(columns, spellings, text):
    parts = [f"coalesce({text.format(spellings.get(kind, '{0}').format(name))}, '~')" for name, kind in columns]
    return " || '|' || ".join(parts)


def of_postgres(server, table):
    columns = server.rows("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid "
                          f"= '{table}'::regclass AND attnum > 0 ORDER BY attnum")
    row = _row(columns, POSTGRES, "({0})::text")
    (rows, total), = server.rows(
        f"SELECT count(*), sum(('x' || substr(md5({row}), 1, 15))::bit(60)::bigint) FROM {table}")
    return columns, (int(rows), int(total))


def of_parts(duckdb, columns, files):
    row = _row(columns, DUCKDB, "CAST({0} AS VARCHAR)")
    (rows, total), = duckdb.rows(
        f"SELECT count(*), CAST(sum(CAST('0x' || substr(md5({row}), 1, 15) AS BIGINT)) AS VARCHAR) FROM "
        f"read_parquet({files!r})")
    return int(rows), int(total)
