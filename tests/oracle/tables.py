"""The tables that oracle_test.py copies. Each one is a kind of trouble."""

import dataclasses
import sqlite3

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1


@dataclasses.dataclass
class Table:
    """`ddl` may hold several statements. `range_key` is for chunk_column (None: there is no column to
    cut by), `keyset` for chunk_by_key, `days` for chunk_by_days. `refused` maps a chunking to words of
    the refusal. `types`, of the columns that a manifest should name so."""
    name: str
    ddl: str
    rows: list
    types: list
    range_key: str = None
    keyset: list = None
    days: str = None
    relation: str = ""
    query: str = ""
    columns: dict = None
    refused: dict = dataclasses.field(default_factory=dict)
    size: int = 13
    window: int = 90  # Days of chunk_by_days.
    kinds: dict = dataclasses.field(default_factory=dict)  # Where they differ from the chunking's.
    few_keys: bool = False  # Too few different keys for several chunks.

    def source(self):
        return self.query or f'SELECT * FROM "{(self.relation or self.name)}"'

    def create(self, connection):
        connection.executescript(self.ddl)
        if self.rows:
            marks = ", ".join("?" * len(self.rows[0]))
            connection.executemany(f'INSERT INTO "{self.name}" VALUES ({marks})', self.rows)
        connection.commit()


NO_DATES = {"days": "no date"}


def extreme_keys():
    keys = [INT_MIN, INT_MIN + 1, INT_MAX - 1, INT_MAX, *range(-30, 31)]
    return Table("extreme_keys", "CREATE TABLE extreme_keys (id INTEGER PRIMARY KEY, v TEXT)",
                 [(key, None if key % 7 == 0 else f"v{key}") for key in keys],
                 ["BIGINT", "VARCHAR"], "id", ["id"], "id", refused=NO_DATES)


def text_keys(name, collation):
    words = ["", " ", "a", "A", "aa", "Ab", "b", "B", "z", "Z", "é", "É", "ä", "Ä", "ß", "𝄞", "日本",
             "~", "0", "10", "9", "-1", "a\n", "a'", 'a"', "a,b", "a\\b", "%", "_", "\x7f", "\u00a0"]
    words += [f"Key{i:02}" for i in range(30)] + [f"kEy{i:02}" for i in range(30, 50)]
    # Under NOCASE, "a" and "A" are one key.
    if collation == "NOCASE":
        seen, folded = [], set()
        for word in words:
            key = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in word)
            seen += [] if key in folded else [word]
            folded.add(key)
        words = seen
    ddl = f"CREATE TABLE {name} (k TEXT COLLATE {collation} PRIMARY KEY NOT NULL, n INTEGER)"
    return Table(name, ddl, [(word, i) for i, word in enumerate(words)], ["VARCHAR", "BIGINT"],
                 "k", ["k"], "k", refused=NO_DATES)


def nocase_duplicates():
    """Equal keys that differ in case must stay in one chunk, or be read twice."""
    rows = [("".join(c.upper() if (i >> j) & 1 else c for j, c in enumerate(word)), i)
            for word in ("alpha", "beta", "gamma", "delta") for i in range(16)]
    return Table("nocase_duplicates",
                 "CREATE TABLE nocase_duplicates (k TEXT COLLATE NOCASE, n INTEGER);"
                 "CREATE INDEX by_k ON nocase_duplicates (k)", rows,
                 ["VARCHAR", "BIGINT"], "k", ["k", "n"], "k", refused=NO_DATES, size=7)


def composite():
    rows = [(word, b, f"{word}{b}") for word in ("a", "B", "c", "Ä", "")
            for b in (INT_MIN, -2, -1, 0, 1, 2, 3, 5, 8, 13, INT_MAX)]
    return Table("composite",
                 "CREATE TABLE composite (a TEXT COLLATE NOCASE, b INTEGER, v TEXT, "
                 "PRIMARY KEY (a, b DESC)) WITHOUT ROWID",
                 rows, ["VARCHAR", "BIGINT", "VARCHAR"], "b", ["a", "b"], "a",
                 refused={**NO_DATES, "physical": "rowid"})


def null_keys():
    rows = [(None if i % 4 == 0 else i // 3, None if i % 5 == 0 else f"b{i % 7}", i)
            for i in range(80)]
    return Table("null_keys", "CREATE TABLE null_keys (a INTEGER, b TEXT, n INTEGER);"
                              "CREATE INDEX by_a ON null_keys (a, b)", rows,
                 ["BIGINT", "VARCHAR", "BIGINT"], "a", ["a", "b"], "b", refused=NO_DATES)


def no_key():
    rows = [(f"r{i % 9}", i * 0.5) for i in range(90)]
    ddl = "CREATE TABLE no_key (a TEXT, x REAL)"
    return Table("no_key", ddl, rows, ["VARCHAR", "DOUBLE"], "a", ["a", "x"], "a", refused=NO_DATES)


def all_equal():
    return Table("all_equal", "CREATE TABLE all_equal (k INTEGER, n INTEGER)",
                 [(7, i) for i in range(60)], ["BIGINT", "BIGINT"], "k", ["k"], "k", few_keys=True)


def all_null():
    return Table("all_null", "CREATE TABLE all_null (k INTEGER, n TEXT)",
                 [(None, None)] * 40, ["BIGINT", "VARCHAR"], "k", ["k", "n"], "k", few_keys=True)


def empty():
    return Table("empty", "CREATE TABLE empty (id INTEGER PRIMARY KEY, d DATE, b BLOB)", [],
                 ["BIGINT", "DATE", "BLOB"], "id", ["id", "d"], "d", few_keys=True)


def one_row():
    return Table("one_row", "CREATE TABLE one_row (id TEXT PRIMARY KEY, d DATE)",
                 [("only", "2024-02-29")], ["VARCHAR", "DATE"], "id", ["id", "d"], "d",
                 few_keys=True)


def real_keys():
    keys = [float("-inf"), -1e308, -1.5, -0.0, 0.0, 5e-324, 0.1, 0.1, 1e15, 1e308, float("inf"), None]
    rows = [(key, i) for i, key in enumerate(keys * 3)] + [(i / 8, i) for i in range(40)]
    return Table("real_keys", "CREATE TABLE real_keys (k REAL, n INTEGER); "
                              "CREATE INDEX reals ON real_keys (k)", rows,
                 ["DOUBLE", "BIGINT"], "k", ["k", "n"], "k", refused=NO_DATES, size=9)


def blob_keys():
    keys = [b"", b"\0", b"\0\0", b"\0\xff", b"\xff", b"a", b"A", b"\x80abc"]
    keys += [bytes([i, 255 - i]) for i in range(1, 40)]
    return Table("blob_keys", "CREATE TABLE blob_keys (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID",
                 [(key, key[::-1] or None) for key in keys], ["BLOB", "BLOB"], "k", ["k"], "k",
                 refused={**NO_DATES, "physical": "rowid"})


def mixed_keys():
    """One column, all of SQLite's storage classes but blobs: numbers sort before texts."""
    keys = [*range(-20, 20), *(i + 0.5 for i in range(20)), *(f"t{i}" for i in range(20)), "", "5"]
    return Table("mixed_keys", "CREATE TABLE mixed_keys (k, n INTEGER); "
                               "CREATE INDEX mixed ON mixed_keys (k)",
                 [(key, i) for i, key in enumerate(keys)], ["VARCHAR", "BIGINT"], "k", ["k", "n"],
                 "k", refused=NO_DATES)


def odd_names():
    ddl = ('CREATE TABLE "odd ""names"" %" ("select" INTEGER, "a b" TEXT, "ü""x" TEXT, '
           '"rowid" TEXT, "semi;colon" INTEGER, UNIQUE ("a b"))')
    rows = [(i, f"n{i:03}", f"u{i}", f"not an id {i}", -i) for i in range(50)]
    table = Table('odd "names" %', ddl, rows,
                  ["BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "BIGINT"], "select",
                  ["a b", "select"], "ü\"x", refused=NO_DATES,
                  kinds={"physical": "range"})  # Here "rowid" is a column like others.
    table.create = lambda connection: (
        connection.execute(ddl),
        connection.executemany('INSERT INTO "odd ""names"" %" VALUES (?, ?, ?, ?, ?)', rows),
        connection.commit())
    table.source = lambda: 'SELECT * FROM "odd ""names"" %"'
    return table


def days():
    stamps = [f"20{20 + i % 5}-{1 + i % 12:02}-{1 + i % 28:02} 12:{i % 60:02}:07" for i in range(60)]
    rows = [(i, None if i % 10 == 3 else stamps[i][:10],
             stamps[i] if i % 2 else stamps[i].replace(" ", "T") + ".123456",
             1_600_000_000 + i * 86_400 * 11) for i in range(60)]
    rows += [(100, "2020-01-01", "2020-01-01 00:00:00", 0), (101, "2024-12-31", "2024-12-31T23:59:59.999999", -1)]
    return Table("days", "CREATE TABLE days (id INTEGER PRIMARY KEY, d DATE, t DATETIME, u INTEGER); "
                         "CREATE INDEX by_d ON days (d)", rows,
                 ["BIGINT", "DATE", "TIMESTAMP", "BIGINT"], "t", ["d", "id"], "d")


def days_of_timestamps():
    table = days()
    return dataclasses.replace(table, name="days_t", ddl=table.ddl.replace("days", "days_t").replace(
        "by_d ", "by_dt "), range_key="u", days="t")


def types():
    ddl = """CREATE TABLE types (
        id INTEGER PRIMARY KEY, small TINYINT, flag BOOLEAN, price DECIMAL(10,2), big DECIMAL(38,6),
        wide NUMERIC(50,2), d DATE, tm TIME, ts TIMESTAMP, tz TIMESTAMPTZ, x REAL, f FLOAT, s TEXT, b BLOB,
        j JSON, u UUID)"""
    texts = ["", "plain", "a,b", 'say "hi"', "two\nlines", "cr\r\nlf", "tab\t;|", "NULL", "\\N", "é日𝄞",
             " lead", "trail ", '"', '""', ",", "\n", "\r", "'", "x" * 5000, None, "nul\x00inside"]
    reals = [0.0, -0.0, 1.5, -1e-300, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"),
             0.1, 1 / 3, None, 2.0**53, 123456789.125]
    blobs = [b"", b"\0", b"\0\xff\0", bytes(range(256)), None, b"text", b'"', b"\n"]
    prices = ["0.00", "-0.01", "12345678.99", "-99999999.99", "1", "0.1", None]
    bigs = ["0.000001", "123456789012345", "-0.5", None, "7"]
    rows = []
    for i in range(63):
        uid = f"{i:08x}-0000-4000-8000-{i * 7919:012x}"
        rows.append((
            i - 31, i - 20, None if i % 9 == 0 else i % 2, prices[i % 7], bigs[i % 5],
            None if i % 6 == 0 else f"abc{i}", None if i % 8 == 1 else f"{1 + i * 158:04}-0{1 + i % 9}-1{i % 10}",
            f"{i % 24:02}:{i % 60:02}:{i % 60:02}" + (".000001" if i % 3 else ""),
            f"19{i + 10}-06-1{i % 10} 00:00:0{i % 10}" + (".5" if i % 4 == 0 else ""),
            f"2024-03-1{i % 10}T0{i % 10}:30:00" + ("Z", "+02:00", "-05:30")[i % 3],
            reals[i % 13], None if i % 5 == 0 else i / 4, texts[i % 21], blobs[i % 8],
            None if i % 7 == 0 else f'{{"a": [{i}, null, "é\\n"], "b": "x,y"}}',
            None if i % 11 == 0 else (uid.upper() if i % 2 else uid)))
    return Table("types", ddl, rows,
                 ["BIGINT", "BIGINT", "BOOLEAN", "DECIMAL(10,2)", "DECIMAL(38,6)", "VARCHAR", "DATE",
                  "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DOUBLE", "DOUBLE", "VARCHAR", "BLOB",
                  "JSON", "UUID"], "price", ["flag", "id"], "d",
                 window=200_000)


def view():
    return Table("view_base", "CREATE TABLE view_base (id INTEGER, v TEXT); "
                              "CREATE VIEW a_view AS SELECT id * 2 AS twice, upper(v) AS v, v AS w FROM view_base",
                 [(i % 25 if i % 6 else None, f"v{i}") for i in range(60)],
                 ["BIGINT", "VARCHAR", "VARCHAR"], "twice", ["v", "w"], "v", relation="a_view",
                 refused={**NO_DATES, "physical": "rowid", "count": "no key", "dense": "no key"})


def query():
    return Table("query_base", "CREATE TABLE query_base (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE)",
                 [(i, f"{'vV'[i % 2]}{i % 20}") for i in range(60)],
                 ["BIGINT", "VARCHAR"], "v", ["v", "id"], "v",
                 query="SELECT id, v FROM query_base WHERE id % 3 > 0 -- two of three",
                 refused={**NO_DATES, "physical": "rowid", "count": "no key", "dense": "no key"})


def overrides():
    rows = [(i, str(i * 3), i % 2, f"{i}.25" if i % 5 else "n/a", i if i % 4 else "four") for i in range(60)]
    return Table("overrides", "CREATE TABLE overrides (id INTEGER PRIMARY KEY, t TEXT, flag INTEGER, price TEXT, m INTEGER)",
                 rows, ["INTEGER", "VARCHAR", "BOOLEAN", "DECIMAL(12,4)", "VARCHAR"], "id", ["flag", "id"], "t", refused=NO_DATES,
                 columns={"id": "INTEGER", "flag": "boolean",
                          "price": {"type": "DECIMAL(12,4)", "on_value_error": "null"},
                          "m": {"type": "BIGINT", "on_value_error": "text"}})


ALL = [extreme_keys(), text_keys("text_keys", "BINARY"), text_keys("nocase_keys", "NOCASE"),
       nocase_duplicates(), composite(), null_keys(), no_key(), all_equal(), all_null(), empty(),
       one_row(), real_keys(), blob_keys(), mixed_keys(), odd_names(), days(), days_of_timestamps(),
       types(), view(), query(), overrides()]


def create_all(path):
    connection = sqlite3.connect(path)
    for table in ALL:
        table.create(connection)
        if table.name == "no_key":
            connection.execute("DELETE FROM no_key WHERE rowid BETWEEN 20 AND 33")
            connection.commit()
    connection.close()
