"""Tables of a PostgreSQL server that are hard to copy, each with how it may be cut."""

import dataclasses


@dataclasses.dataclass
class Table:
    name: str
    sql: str
    chunkings: dict  # By a name: keys of the export.
    columns: dict = dataclasses.field(default_factory=dict)
    query: str = None
    relation: str = None  # What stands behind FROM, when it is not the name.

    is_large: bool = False  # Its rows are counted and summed up, not compared one by one.

    def large(self):
        """Of the same values as a small one, cut by range."""
        return dataclasses.replace(self, is_large=True,
                                   chunkings={"range": {**self.chunkings["range"], "chunk_size": 9000}})


AUTO = {"auto": {}, "full": {"mode": "full"}}
PHYSICAL = {"physical": {"chunk_column": "ctid", "chunk_size": 200}}


def numbered(name, key_type, key, rows=1200, column="id"):
    return Table(name, f"""
        CREATE TABLE {name} ({column} {key_type} PRIMARY KEY, note text, amount numeric(12,2));
        INSERT INTO {name} SELECT {key}, CASE WHEN i % 7 = 0 THEN NULL ELSE 'note ' || i END,
            i * 1.25 FROM generate_series(0, {rows - 1}) i;
        ANALYZE {name}""", {
            **AUTO, **PHYSICAL,
            "range": {"chunk_column": column, "chunk_size": 160},
            "keyset": {"chunk_by_key": column, "chunk_size": 280},
            "count": {"chunk_column": column, "chunk_count": 7},
            "dense": {"chunk_column": column, "chunk_dense": True, "chunk_size": 360}})


TYPES = Table("types", """
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'très bien');
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE TABLE types (
        id bigint PRIMARY KEY, truth boolean, small smallint, whole integer, big bigint, oid oid,
        single real, double double precision, money12 numeric(12,2), wide numeric(38,10),
        tens numeric(5,-2), tiny numeric(3,5), free numeric, huge numeric(60,20),
        fixed character(5), varying character varying(10), words text, name name,
        bytes bytea, plain json, binary_json jsonb, id16 uuid, feeling mood, domained positive,
        day date, clock time, clock0 time(0), stamp timestamp, stamp3 timestamp(3),
        stamptz timestamptz, span interval, address inet, bits bit(3), point point,
        numbers integer[], texts text[], ranged int4range, cash money, xml xml, clocktz timetz);
    INSERT INTO types (id) VALUES (1);
    INSERT INTO types VALUES (2, true, -32768, -2147483648, -9223372036854775808, 0,
        '-Infinity', '-Infinity', -9999999999.99, -9999999999999999999999999999.9999999999,
        -99900, -0.00999, -123456789012345678901234567890.1234567890123456789, 1e39,
        '', '', '', '', '', 'null', '{}', '00000000-0000-0000-0000-000000000000', 'sad', 1,
        '4713-01-01 BC', '00:00:00', '00:00:00', '4713-01-01 00:00:00 BC', '0001-01-01 00:00:00',
        '0001-12-31 23:59:59+00 BC', '-1 year -2 months -3 days -04:05:06.789', '10.0.0.0/8',
        B'000', '(0,0)', '{}', '{}', 'empty', -92233720368547758.08, '<a/>', '00:00:00+00');
    INSERT INTO types VALUES (3, false, 32767, 2147483647, 9223372036854775807, 4294967295,
        'Infinity', 'Infinity', 9999999999.99, 9999999999999999999999999999.9999999999,
        99900, 0.00999, 'NaN', 'NaN', 'abcde', repeat('ü', 10), repeat('x', 1000000), 'n',
        '\\x00ff', '[1,{"a":null}]', '{"b":[1.50,"x"],"a":2}',
        'ffffffff-ffff-ffff-ffff-ffffffffffff', 'très bien', 2147483647,
        '9999-12-31', '23:59:59.999999', '23:59:59', '9999-12-31 23:59:59.999999',
        '2024-02-29 12:30:00.125', '9999-12-31 23:59:59.999999+00', '178000000 years', '::1',
        B'101', '(1.5,-2)', '{1,NULL,3}', '{"a","b c",NULL,"\\"q\\""}', '[1,10)',
        92233720368547758.07, '<b>x</b>', '23:59:59.999999-15:59');
    INSERT INTO types (id, single, double, money12, wide, free, day, stamp, stamptz, words, bytes)
        VALUES (4, 'NaN', 'NaN', 0, 0.0000000001, 1e-50, '1970-01-01', '1969-12-31 23:59:59.999999',
        '2024-03-31 02:30:00 Europe/Berlin', E'line\\nbreak "quoted" \\t, ;', '\\xdeadbeef'),
        (5, 1.17549435e-38, 5e-324, 0.01, 12345.6789, 100, '2000-01-01', '2000-01-01',
        '2000-01-01', '日本語 🙂', NULL), (6, -0.0, -0.0, 100, 10000, 0.00, '1999-12-31',
        '1999-12-31', '1999-12-31', '  spaces  ', ''),
        (7, 3.4028235e38, 1.7976931348623157e308, -0.01, -1, -0.001, '2024-02-29', NULL, NULL,
        E'\\u0001', NULL);
    INSERT INTO types (id, day, stamp, stamptz) VALUES (8, '10000-01-01', '10000-01-01', '10000-02-29 23:59:60+14'),
        (9, '5874897-12-31', '294246-12-31 23:59:59.999999', '294246-12-31 23:59:59.999999+00');
    ANALYZE types""", {**AUTO, "range": {"chunk_column": "id", "chunk_size": 2}})

# Every type that a list holds: NULL, the empty list, NULLs among the elements, and what is at the ends
# of the type. Arrays of other types, and of more dimensions, become JSON.
ARRAYS = Table("arrays", """
    CREATE TYPE size AS ENUM ('S', 'XX L', 'très grand');
    CREATE TYPE pair AS (left_one integer, right_one text);
    CREATE DOMAIN tags AS text[];
    CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
    CREATE TABLE arrays (
        id bigint PRIMARY KEY, truths boolean[], smalls smallint[], wholes integer[], bigs bigint[],
        oids oid[], singles real[], doubles double precision[], moneys numeric(12,2)[],
        wides numeric(38,10)[], frees numeric[], huges numeric(60,20)[], fixeds character(5)[],
        varyings character varying(10)[], words text[], names name[], chars "char"[], blobs bytea[],
        plains json[], binaries jsonb[], uuids uuid[], sizes size[], days date[], clocks time[],
        stamps timestamp[], stamp3s timestamp(3)[], stamptzs timestamptz[], tagged tags,
        counted integer[5], grid integer[][], cube text[2][2][2], pairs pair[], ranges int4range[],
        evens even[], spans interval[], addresses inet[]);
    INSERT INTO arrays (id) VALUES (1);
    INSERT INTO arrays VALUES (2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', '{}', '{}', '{}');
    INSERT INTO arrays VALUES (3, '{t,NULL,f}', '{-32768,NULL,32767}', '{-2147483648,NULL,2147483647}',
        '{-9223372036854775808,NULL,9223372036854775807}', '{0,NULL,4294967295}',
        '{-Infinity,NULL,Infinity,NaN,-0,1.17549435e-38}', '{-Infinity,NULL,Infinity,NaN,-0,5e-324}',
        '{-9999999999.99,NULL,0.01}', '{-9999999999999999999999999999.9999999999,NULL,0.0000000001}',
        '{-123456789012345678901234567890.1234567890123456789,NULL,NaN,0.00}', '{1e39,NULL}',
        '{ab,NULL,""}', '{"",NULL,"a, b{}"}', '{"",NULL,"NULL","\\"q\\" \\\\ ,{}","é日🙂",
        "a text of more than twelve bytes"}', '{n,NULL}', '{x,NULL}',
        ARRAY['\\x'::bytea, NULL, '\\x00ff', decode(repeat('ab', 40), 'hex')],
        ARRAY['{"a":  1}'::json, NULL, 'null'], ARRAY['{"b":[1.50,"x"],"a":2}'::jsonb, NULL, 'null'],
        '{00000000-0000-0000-0000-000000000000,NULL,ffffffff-ffff-ffff-ffff-ffffffffffff}',
        '{S,NULL,"XX L","très grand"}', '{"4713-01-01 BC",NULL,9999-12-31}',
        '{00:00:00,NULL,23:59:59.999999}', '{"4713-01-01 00:00:00 BC",NULL,"9999-12-31 23:59:59.999999"}',
        '{"2024-02-29 12:30:00.125",NULL}', '{"0001-12-31 23:59:59+00 BC",NULL,"2024-03-31 02:30:00+02"}',
        '{a,NULL,"b c"}', '{1,2}', '{{1,2},{3,NULL}}', '{{{a,b},{c,d}},{{e,f},{g,NULL}}}',
        ARRAY[(1, 'x')::pair, NULL, (NULL, 'a "b"')::pair], '{"[1,10)",NULL,empty}', '{2,NULL}',
        '{"1 day",NULL}', '{::1,NULL,10.0.0.0/8}');
    INSERT INTO arrays (id, wholes, words, doubles) VALUES
        (4, '[0:2]={1,2,3}', '[-7:-6]={a,b}', '[5:5]={0.1}'),
        (5, '{NULL}', '{NULL,NULL}', '{NULL}'),
        (6, (SELECT array_agg(CASE WHEN i % 1000 <> 0 THEN i END) FROM generate_series(1, 100000) i),
            (SELECT array_agg(CASE WHEN i % 77 <> 0 THEN 'word ' || i END)
                FROM generate_series(1, 100000) i),
            (SELECT array_agg(i / 7.0) FROM generate_series(1, 100000) i));
    INSERT INTO arrays (id, bigs, words, blobs) SELECT i, ARRAY[i, -i], ARRAY['w' || i % 3, NULL,
        repeat('long ', i % 9)], ARRAY[int8send(i)] FROM generate_series(7, 3000) i;
    ANALYZE arrays""", {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 700}})

TABLES = [
    TYPES,
    ARRAYS,
    numbered("serials", "bigint", "i + 1"),
    numbered("negatives", "integer", "(i - 600) * 1000003::bigint"),
    numbered("extremes", "bigint", """CASE i WHEN 0 THEN -9223372036854775808
        WHEN 1 THEN 9223372036854775807 WHEN 2 THEN 0 ELSE i * 1000000007::bigint - 4611686018427387904 END"""),
    numbered("sparse", "bigint", "CASE WHEN i < 800 THEN i ELSE i * 1000000000::bigint END"),
    numbered("decimals", "numeric(20,4)", "i * 0.5 - 700"),
    numbered("dates", "date", "date '1999-01-01' + i"),
    numbered("stamps", "timestamptz", "timestamptz '2024-01-01' + i * interval '37 minutes'"),
    numbered("uuids", "uuid", "md5(i::text)::uuid"),
    numbered("doubles", "double precision", "(i - 600) / 7.0"),
    numbered("texts", "text", "chr(65 + i % 60) || chr(228 + i % 20) || i"),
    numbered("mixed", 'text COLLATE "en-x-icu"',
             "CASE WHEN i % 2 = 0 THEN 'a' ELSE 'A' END || CASE i % 3 WHEN 0 THEN 'é' ELSE '-' END || i"),
    numbered("padded", "character(12)", "'k' || i"),
    # So many that the planner looks for places to cut by probes.
    *(numbered(f"many_{name}", key_type, key, rows=70_000).large() for name, key_type, key in (
        ("uuids", "uuid", "md5(i::text)::uuid"),
        ("stamps", "timestamp", "timestamp '2024-01-01' + i * interval '1 minute'"),
        ("decimals", "numeric(20,2)", "i * 1.5"),
        ("texts", "text", "md5(i::text)"))),
    Table("weird", '''
        CREATE SCHEMA "Sché ma"; CREATE TABLE "Sché ma"."or""der" ("se lect" bigint PRIMARY KEY,
        "from" text); INSERT INTO "Sché ma"."or""der" SELECT i, 'x' || i FROM
        generate_series(1, 500) i''',
          {**AUTO, "range": {"chunk_column": "se lect", "chunk_size": 90}},
          relation='"Sché ma"."or""der"'),
    Table("composite", """
        CREATE TABLE composite (region text, number integer, line smallint, value text,
            PRIMARY KEY (region, number, line));
        INSERT INTO composite SELECT 'r' || i % 5, i / 10 % 100, i, 'v' || i
            FROM generate_series(0, 4999) i; ANALYZE composite""",
          {**AUTO, **PHYSICAL, "keyset": {"chunk_by_key": ["region", "number", "line"],
                                          "chunk_size": 600},
           "range": {"chunk_column": "number", "chunk_size": 700}}),
    Table("null_keys", """
        CREATE TABLE null_keys (id integer, part text);
        INSERT INTO null_keys SELECT CASE WHEN i % 4 = 0 THEN NULL ELSE i % 90 END, 'p' || i
            FROM generate_series(0, 1999) i; CREATE INDEX ON null_keys (id); ANALYZE null_keys""",
          {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 300},
           "count": {"chunk_column": "id", "chunk_count": 4}}),
    Table("equal_keys", """
        CREATE TABLE equal_keys (id integer NOT NULL, part text);
        INSERT INTO equal_keys SELECT 7, 'p' || i FROM generate_series(0, 1999) i;
        ANALYZE equal_keys""",
          {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("empty", "CREATE TABLE empty (id integer PRIMARY KEY, part text)",
          {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("one_row", "CREATE TABLE one_row (id integer PRIMARY KEY); INSERT INTO one_row VALUES (5)",
          {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("updated", """
        CREATE TABLE updated (id integer PRIMARY KEY, part text);
        INSERT INTO updated SELECT i, repeat('x', 50) FROM generate_series(0, 2999) i;
        DELETE FROM updated WHERE id % 3 = 0; UPDATE updated SET part = 'y' WHERE id % 5 = 0;
        ANALYZE updated""", {**AUTO, **PHYSICAL, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("parted", """
        CREATE TABLE parted (id integer NOT NULL, day date NOT NULL, PRIMARY KEY (id, day))
            PARTITION BY RANGE (day);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
        CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
        INSERT INTO parted SELECT i, date '2024-01-01' + i % 366 FROM generate_series(0, 2999) i;
        ANALYZE parted""",
          {**AUTO, "keyset": {"chunk_by_key": ["id", "day"], "chunk_size": 500},
           "days": {"chunk_column": "day", "chunk_by_days": 45}}),
    Table("viewed", """
        CREATE VIEW viewed AS SELECT id, note, amount * 2 AS twice FROM serials""",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 700}}),
    Table("queried", "SELECT 1",
          {"full": {"mode": "full"}},
          query="SELECT s.id, t.note AS other FROM serials s JOIN texts t ON t.amount = s.amount;"),
]
