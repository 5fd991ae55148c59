"""Tables of a MariaDB server that are hard to copy, each with how it may be cut."""

import dataclasses


@dataclasses.dataclass
class Table:
    name: str
    sql: str
    chunkings: dict  # By a name: keys of the export.
    columns: dict = dataclasses.field(default_factory=dict)
    query: str = None

    is_large: bool = False  # Its rows are counted and summed up, not compared one by one.

    def large(self):
        """Of the same values as a small one, cut by range."""
        return dataclasses.replace(self, is_large=True,
                                   chunkings={"range": {**self.chunkings["range"], "chunk_size": 9000}})


AUTO = {"auto": {}, "full": {"mode": "full"}}


def numbered(name, key_type, key, rows=1200, column="id", extra=None):
    return Table(name, f"""
        CREATE TABLE {name} ({column} {key_type} NOT NULL PRIMARY KEY, note text, amount decimal(12,2));
        INSERT INTO {name} SELECT {key}, IF(seq % 7 = 0, NULL, CONCAT('note ', seq)), seq * 1.25
            FROM seq_0_to_{rows - 1};
        ANALYZE TABLE {name}""", {
            **AUTO,
            "range": {"chunk_column": column, "chunk_size": 160},
            "keyset": {"chunk_by_key": column, "chunk_size": 280},
            "count": {"chunk_column": column, "chunk_count": 7},
            "dense": {"chunk_column": column, "chunk_dense": True, "chunk_size": 360},
            **(extra or {})})


def twins(name, collation, key):
    """Keys that differ in bytes and are equal to the collation: they must stay together."""
    return Table(name, f"""
        CREATE TABLE {name} (k varchar(20) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL, n int,
            KEY (k));
        INSERT INTO {name} SELECT {key}, seq FROM seq_0_to_2999; ANALYZE TABLE {name}""", {
            **AUTO, "range": {"chunk_column": "k", "chunk_size": 100},
            "keyset": {"chunk_by_key": "k", "chunk_size": 100},
            "dense": {"chunk_column": "k", "chunk_dense": True, "chunk_size": 50}})


TYPES = Table("types", """
    CREATE TABLE types (
        id bigint NOT NULL PRIMARY KEY, t tinyint, t1 tinyint(1), tu tinyint unsigned, s smallint,
        su smallint unsigned, m mediumint, mu mediumint unsigned, i int, iu int unsigned, b bigint,
        bu bigint unsigned, zf int(8) unsigned zerofill, f float, d double, d12 decimal(12,2),
        du decimal(10,4) unsigned, d38 decimal(38,10), d38w decimal(38,0), d65 decimal(65,30),
        day date, clock time, clock6 time(6), at datetime, at3 datetime(3), at6 datetime(6),
        ts timestamp NULL, ts6 timestamp(6) NULL, y year, c char(5), vc varchar(10),
        latin varchar(20) CHARACTER SET latin1, tt tinytext, tx text, mt mediumtext, lt longtext,
        bin binary(4), vb varbinary(10), tb tinyblob, bl blob, mb mediumblob, lb longblob,
        b1 bit(1), b8 bit(8), b64 bit(64), js json, e enum('sad','ok','très bien'),
        st set('a','b','c'), p point, g geometry, u uuid, ip inet6);
    INSERT INTO types (id) VALUES (1);
    INSERT INTO types VALUES (2, -128, 0, 0, -32768, 0, -8388608, 0, -2147483648, 0,
        -9223372036854775808, 0, 0, -3.402823466e38, -1.7976931348623157e308, -9999999999.99, 0,
        -9999999999999999999999999999.9999999999, -99999999999999999999999999999999999999,
        -99999999999999999999999999999999999.999999999999999999999999999999,
        '1000-01-01', '00:00:00', '00:00:00', '1000-01-01 00:00:00', '0001-01-01 00:00:00.001',
        '0001-01-01', '1970-01-01 00:00:01', '1970-01-01 00:00:01.000001', 1901, '', '', '', '', '', '',
        '', '', '', '', '', '', '', b'0', b'0', b'0', 'null', 'sad', '', POINT(0, 0),
        ST_GeomFromText('LINESTRING(0 0,1 1)'), '00000000-0000-0000-0000-000000000000', '::');
    INSERT INTO types VALUES (3, 127, 1, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295,
        9223372036854775807, 18446744073709551615, 42, 3.402823466e38, 1.7976931348623157e308,
        9999999999.99, 999999.9999, 9999999999999999999999999999.9999999999,
        99999999999999999999999999999999999999,
        99999999999999999999999999999999999.999999999999999999999999999999,
        '9999-12-31', '23:59:59', '23:59:59.999999', '9999-12-31 23:59:59', '2024-02-29 12:30:00.125',
        '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07', '2038-01-19 03:14:07.999999', 2155,
        'abcde', REPEAT('ü', 10), 'grün', REPEAT('x', 255), REPEAT('ä', 30000), REPEAT('日本', 10000),
        REPEAT('x', 1000000), x'00ff00ff', x'00', x'ff', REPEAT(x'00', 65535), REPEAT(x'ab', 70000),
        REPEAT(x'ff00', 100000), b'1', b'11111111',
        b'1111111111111111111111111111111111111111111111111111111111111111',
        '{"b":[1.50,"x"],"a":{"ü":null}}', 'très bien', 'a,b,c', POINT(1.5, -2),
        ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), 'ffffffff-ffff-ffff-ffff-ffffffffffff',
        'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
    INSERT INTO types (id, f, d, d12, d38, d65, day, at6, ts6, vc, lt, vb, b64, js, y, clock, lb) VALUES
        (4, 0.1, 0.1, 0, 0.0000000001, 1e-30, '1970-01-01', '1969-12-31 23:59:59.999999',
        '2024-03-31 02:30:00', '日本語 🙂', 'line\nbreak "quoted" \\t, ;\r\n\t\\\\ ''NULL'' NULL',
        x'deadbeef', b'1000000000000000000000000000000000000000000000000000000000000000', '[1,2]', 0, '00:00:01',
        REPEAT(x'00', 900000)),
        (5, 1.17549435e-38, 5e-324, 0.01, 12345.6789, -0.5, '2000-01-01', '2000-01-01', '2000-01-01',
        'NULL', '', NULL, b'101', '"x"', 1970, '12:34:56', x'27'),
        (6, -0e0, -0e0, -0.01, -1, 100, '1999-12-31', '1999-12-31 12:00', '1999-12-31', ' a ', 'nil', '', 1,
        'true', 2000, '01:00:00', ''),
        (7, 16777216, 9007199254740993, 1.5, 10000, 7, '2024-02-29', '2024-02-29 01:02:03.5', NULL, 'x',
        CONCAT('a', CHAR(1), 'b'), x'0a', 2, '1e400', 1999, '09:08:07', NULL),
        (8, 3.14159274, 2.718281828459045, -1.5, 3.3333333333, 9, '2023-01-01', '2023-01-01 00:00:00.000001',
        NULL, 'é', 'ends with blanks  ', x'20', 3, '{}', 1950, '22:22:22', NULL);
    ANALYZE TABLE types""", {**AUTO, "range": {"chunk_column": "id", "chunk_size": 2}})

TABLES = [
    TYPES,
    numbered("serials", "bigint AUTO_INCREMENT", "seq + 1"),
    numbered("negatives", "int", "(CAST(seq AS SIGNED) - 600) * 1000003"),
    numbered("extremes", "bigint", """CASE seq WHEN 0 THEN -9223372036854775808
        WHEN 1 THEN 9223372036854775807 WHEN 2 THEN 0
        ELSE CAST(seq AS SIGNED) * 1000000007 - 4611686018427387904 END"""),
    numbered("unsigneds", "bigint unsigned", """CASE seq WHEN 0 THEN 0 WHEN 1 THEN
        18446744073709551615 ELSE 9223372036854775000 + seq * 3 END"""),
    numbered("sparse", "bigint", "IF(seq < 800, seq, seq * 1000000000)"),
    numbered("small", "smallint unsigned", "seq * 50"),
    numbered("decimals", "decimal(20,4)", "seq * 0.5 - 700"),
    numbered("wide_decimals", "decimal(65,30)", "seq * 123456789012345678901234567890.000000000000000000000000000001"),
    numbered("dates", "date", "DATE '1999-01-01' + INTERVAL seq DAY",
             extra={"days": {"chunk_column": "id", "chunk_by_days": 120}}),
    numbered("moments", "datetime(6)", "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq * 37000001 MICROSECOND"),
    numbered("stamps", "timestamp(3)", "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq * 37 MINUTE",
             extra={"days": {"chunk_column": "id", "chunk_by_days": 4}}),
    numbered("clocks", "time(3)", "SEC_TO_TIME(seq * 28.5)"),
    numbered("doubles", "double", "(CAST(seq AS SIGNED) - 600) / 7e0"),
    numbered("floats", "float", "(CAST(seq AS SIGNED) - 600) / 8e0"),
    numbered("bits", "bit(20)", "seq * 800"),
    numbered("uuids", "uuid", "UNHEX(MD5(seq))"),
    numbered("uuid_bytes", "binary(16)", "UNHEX(MD5(seq))"),
    numbered("bytes", "varbinary(20)", "CONCAT(UNHEX(LPAD(HEX(seq), 4, '0')), x'00', UNHEX(MD5(seq)))"),
    numbered("general", "varchar(30) COLLATE utf8mb4_general_ci",
             "CONCAT(CHAR(65 + seq % 60), IF(seq % 2, 'é', 'ß'), seq)"),
    numbered("unicode", "varchar(30) COLLATE utf8mb4_unicode_ci",
             "CONCAT(IF(seq % 2, 'a', 'A'), IF(seq % 3, 'é', '-'), seq)"),
    numbered("binaries", "varchar(30) COLLATE utf8mb4_bin", "CONCAT(IF(seq % 2, 'a', 'A'), seq, '🙂')"),
    numbered("padded", "char(12) COLLATE utf8mb4_general_ci", "CONCAT('k', seq)"),
    numbered("nopads", "varchar(12) COLLATE utf8mb4_nopad_bin", "CONCAT('k', seq % 600, IF(seq < 600, '', ' '))"),
    numbered("latins", "varchar(30) CHARACTER SET latin1 COLLATE latin1_german1_ci",
             "CONCAT(IF(seq % 2, 'ä', 'Ö'), seq, 'ß')"),
    numbered("quoted", "varchar(40)", "CONCAT('it''s \\\\ \"', seq, '\\n%_')"),
    # So many that the planner looks for places to cut by probes.
    *(numbered(f"many_{name}", key_type, key, rows=70_000).large() for name, key_type, key in (
        ("moments", "datetime", "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq MINUTE"),
        ("decimals", "decimal(20,2)", "seq * 1.5"),
        ("bytes", "binary(16)", "UNHEX(MD5(seq))"),
        ("texts", "varchar(40)", "CONCAT('Key', MD5(seq))"),
        ("unsigneds", "bigint unsigned", "18446744073709551615 - seq * 1000003"))),
    twins("letter_case", "utf8mb4_general_ci",
          "CONCAT(IF(seq % 2, 'key', 'KEY'), LPAD(seq DIV 40, 3, '0'))"),
    twins("accents", "utf8mb4_unicode_ci",
          "CONCAT(ELT(1 + seq % 4, 'e', 'é', 'E', 'É'), LPAD(seq DIV 60, 3, '0'))"),
    twins("blanks", "utf8mb4_bin",
          "CONCAT('k', LPAD(seq DIV 50, 3, '0'), REPEAT(' ', seq % 3))"),
    twins("blanks_told", "utf8mb4_nopad_bin",
          "CONCAT('k', LPAD(seq DIV 50, 3, '0'), REPEAT(' ', seq % 3))"),
    Table("weird", """
        CREATE TABLE `or``der "x"` (`se lect` bigint PRIMARY KEY, `fr``om` text, `ü` int);
        INSERT INTO `or``der "x"` SELECT seq, CONCAT('x', seq), seq FROM seq_1_to_500""",
          {**AUTO, "range": {"chunk_column": "se lect", "chunk_size": 90}}),
    Table("composite", """
        CREATE TABLE composite (region varchar(10) COLLATE utf8mb4_general_ci NOT NULL,
            number int NOT NULL, line smallint unsigned NOT NULL, value text,
            PRIMARY KEY (region, number, line));
        INSERT INTO composite SELECT CONCAT(IF(seq % 2, 'r', 'R'), seq % 5),
            CAST(seq DIV 10 % 100 AS SIGNED) - 50, seq, CONCAT('v', seq) FROM seq_0_to_4999;
        ANALYZE TABLE composite""",
          {**AUTO, "keyset": {"chunk_by_key": ["region", "number", "line"], "chunk_size": 600},
           "part": {"chunk_by_key": ["region", "number"], "chunk_size": 300},
           "range": {"chunk_column": "number", "chunk_size": 700}}),
    Table("descending", """
        CREATE TABLE descending (a int NOT NULL, b int NOT NULL, UNIQUE KEY (a, b));
        INSERT INTO descending SELECT seq % 40, seq FROM seq_0_to_2999; ANALYZE TABLE descending""",
          {**AUTO, "keyset": {"chunk_by_key": ["a", "b"], "chunk_size": 170}}),
    Table("null_keys", """
        CREATE TABLE null_keys (id int, part text, KEY (id));
        INSERT INTO null_keys SELECT IF(seq % 4 = 0, NULL, seq % 90), CONCAT('p', seq)
            FROM seq_0_to_1999; ANALYZE TABLE null_keys""",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 300},
           "count": {"chunk_column": "id", "chunk_count": 4}}),
    Table("null_pairs", """
        CREATE TABLE null_pairs (a int, b varchar(5), n int, UNIQUE KEY (a, b));
        INSERT INTO null_pairs SELECT IF(seq % 5 = 0, NULL, seq DIV 10), IF(seq % 7 = 0, NULL, seq % 10),
            seq FROM seq_0_to_1999; ANALYZE TABLE null_pairs""",
          {**AUTO, "keyset": {"chunk_by_key": ["a", "b"], "chunk_size": 150}}),
    Table("enums", """
        CREATE TABLE enums (e enum('z','a','m') NOT NULL, n int NOT NULL, PRIMARY KEY (e, n));
        INSERT INTO enums SELECT ELT(1 + seq % 3, 'z', 'a', 'm'), seq FROM seq_0_to_999""",
          {**AUTO, "range": {"chunk_column": "e", "chunk_size": 100}}),
    Table("equal_keys", """
        CREATE TABLE equal_keys (id int NOT NULL, part text);
        INSERT INTO equal_keys SELECT 7, CONCAT('p', seq) FROM seq_0_to_1999""",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("no_key", """
        CREATE TABLE no_key (part text); INSERT INTO no_key SELECT CONCAT('p', seq) FROM seq_0_to_1999""",
          AUTO),
    Table("empty", "CREATE TABLE empty (id int PRIMARY KEY, part text)",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("one_row", "CREATE TABLE one_row (id int PRIMARY KEY); INSERT INTO one_row VALUES (5)",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 300}}),
    Table("parted", """
        CREATE TABLE parted (id int NOT NULL, day date NOT NULL, PRIMARY KEY (id, day))
            PARTITION BY RANGE (YEAR(day)) (PARTITION p1 VALUES LESS THAN (2024),
            PARTITION p2 VALUES LESS THAN MAXVALUE);
        INSERT INTO parted SELECT seq, DATE '2023-07-01' + INTERVAL seq % 366 DAY FROM seq_0_to_2999;
        ANALYZE TABLE parted""",
          {**AUTO, "keyset": {"chunk_by_key": ["id", "day"], "chunk_size": 500},
           "days": {"chunk_column": "day", "chunk_by_days": 45}}),
    Table("viewed", "CREATE VIEW viewed AS SELECT id, note, amount * 2 AS twice FROM serials",
          {**AUTO, "range": {"chunk_column": "id", "chunk_size": 700}}),
    Table("queried", "DO 1", {"full": {"mode": "full"},
                              "range": {"chunk_column": "id", "chunk_size": 300},
                              "texts": {"chunk_column": "other", "chunk_size": 300}},
          query="SELECT s.id, g.note AS other, s.amount / 3 AS third FROM serials s LEFT JOIN general g "
                "ON g.amount = s.amount;"),
    Table("overridden", """
        CREATE TABLE overridden (id int PRIMARY KEY, flag tinyint(1), hex binary(16), plain varchar(40),
            span time(2), zero date, real4 float, big decimal(65,0), code bit(12), place point, raw blob);
        INSERT INTO overridden VALUES (1, 1, UNHEX(MD5('a')), '17', '-838:59:58.99', '0000-00-00', 0.1,
            99999999999999999999999999999999999999999999, b'101', POINT(1, 2), 'text'),
            (2, 0, NULL, '-3', '100:00:00', '2024-00-10', 1e30, -7, b'0', NULL, ''),
            (3, NULL, UNHEX(MD5('b')), NULL, '00:00:01', '2024-01-31', NULL, NULL, NULL, POINT(0, 0), 'ü')""",
          AUTO, columns={"flag": "boolean", "hex": "uuid", "plain": "int", "span": "text", "zero": "text",
                         "code": "integer", "place": "text", "raw": "text"}),
]
