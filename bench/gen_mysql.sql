-- A table for extraction benchmarks: the same rows on every run. {rows} is replaced by their number.
CREATE TABLE t (
  id bigint NOT NULL PRIMARY KEY,
  account_id int NOT NULL,
  qty smallint,
  amount decimal(18,2) NOT NULL,
  balance decimal(30,10),
  score double,
  is_active tinyint NOT NULL,
  status varchar(20) NOT NULL,         -- 8 distinct values
  email varchar(100) NOT NULL,         -- unique
  notes text,                          -- 60 to 187 letters, 10 % NULL
  created_at datetime(6) NOT NULL,     -- rising
  updated_at timestamp(6) NULL,        -- 1/7 NULL
  payload json
) ENGINE=InnoDB DEFAULT CHARSET utf8mb4;
INSERT INTO t SELECT
  seq,
  CRC32(CONCAT('a', seq)) & 1048575,
  IF(seq % 11 = 0, NULL, CAST(CRC32(CONCAT('q', seq)) & 1023 AS SIGNED) - 12),
  (CRC32(CONCAT('m', seq)) & 268435455) / 100,
  CRC32(CONCAT('b', seq)) * 1234567.0123456789,
  IF(seq % 17 = 0, NULL, CRC32(CONCAT('s', seq)) / 4294967295e0),
  seq & 1,
  ELT(1 + (CRC32(seq) & 7), 'new', 'queued', 'running', 'done', 'failed', 'cancelled', 'archived', 'on_hold'),
  CONCAT('user', seq, '.', HEX(CRC32(seq)), '@example-', seq % 64, '.org'),
  IF(seq % 10 = 0, NULL, LEFT(CONCAT('lorem ipsum ', MD5(seq), ' dolor sit amet ', MD5(seq * 7), ' consectetur ',
    MD5(seq * 13), ' eiusmod tempor'), 60 + (CRC32(CONCAT('n', seq)) & 127))),
  TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (seq * 17000321) MICROSECOND,
  IF(seq % 7 = 0, NULL, TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (seq * 17000321) MICROSECOND),
  IF(seq % 19 = 0, NULL, JSON_OBJECT('k', seq, 'src', 'api', 'note', MD5(seq * 17)))
FROM seq_1_to_{rows};
ANALYZE TABLE t;
