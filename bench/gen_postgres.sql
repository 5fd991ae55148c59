-- Deterministic test tables for extraction floors (no random(): the same rows on every run).
-- usage: psql -v wide_rows=2000000 -v narrow_rows=10000000 -f gen_postgres.sql
-- Defaults below apply when the variables are not given.
\set ON_ERROR_STOP on
\if :{?wide_rows}
\else
  \set wide_rows 2000000
\endif
\if :{?narrow_rows}
\else
  \set narrow_rows 10000000
\endif
\timing on

-- h(i, s): 64 well-mixed bits of row i, stream s (PostgreSQL's own seeded 64-bit hash)
CREATE OR REPLACE FUNCTION gen_h(i bigint, s bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT hashint8extended(i, s) $$;

DROP TABLE IF EXISTS t_wide;
CREATE TABLE t_wide (
  id          bigint      NOT NULL,
  account_id  int         NOT NULL,
  tenant_id   int         NOT NULL,
  qty         int,
  seq_no      bigint      NOT NULL,
  amount      numeric(18,2) NOT NULL,
  rate        numeric(12,6),
  balance     numeric(24,4) NOT NULL,
  score       float8,
  is_active   bool        NOT NULL,
  is_deleted  bool,
  status      text        NOT NULL,      -- 8 distinct values
  country     text        NOT NULL,      -- ~200 distinct values
  email       text        NOT NULL,      -- unique
  notes       text,                      -- 0..~220 bytes, some UTF-8, some quotes/newlines/commas, 10 % NULL
  uid         uuid        NOT NULL,
  parent_uid  uuid,                      -- 1/3 NULL
  created_at  timestamptz NOT NULL,      -- rising
  updated_at  timestamptz,               -- 1/7 NULL
  payload     jsonb
);
INSERT INTO t_wide
SELECT
  i,
  (gen_h(i,1) & 1048575)::int,
  (gen_h(i,2) & 255)::int,
  CASE WHEN i % 11 = 0 THEN NULL ELSE (gen_h(i,3) & 1023)::int - 12 END,
  i * 1000 + (gen_h(i,4) & 511),
  ((gen_h(i,5) & 268435455)::numeric / 100)::numeric(18,2),
  CASE WHEN i % 13 = 0 THEN NULL ELSE ((gen_h(i,6) & 4294967295)::numeric / 1000000)::numeric(12,6) END,
  (gen_h(i,7)::numeric / 10000)::numeric(24,4),
  CASE WHEN i % 17 = 0 THEN NULL ELSE gen_h(i,8)::float8 / 9223372036854775807.0 END,
  (gen_h(i,9) & 1) = 0,
  CASE (gen_h(i,10) & 7)::int WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END,
  (ARRAY['new','queued','running','done','failed','cancelled','archived','on_hold'])[1 + (gen_h(i,11) & 7)::int],
  'country-' || lpad(((gen_h(i,12) & 1023) % 200)::text, 3, '0'),
  'user' || i || '.' || to_hex(gen_h(i,13) & 65535) || '@example-' || (gen_h(i,14) & 63) || '.org',
  CASE WHEN i % 10 = 0 THEN NULL
       WHEN i % 29 = 0 THEN 'straße № ' || i || E' — "quoted", comma\nsecond line\ttab'
       ELSE left('lorem ipsum ' || md5((i*7)::text) || ' dolor sit amet ' || md5((i*11)::text) || ' consectetur adipiscing elit sed do '
                 || md5((i*13)::text) || ' eiusmod tempor incididunt ut labore et dolore', 60 + (gen_h(i,15) & 127)::int) END,
  (lpad(to_hex(gen_h(i,16)),16,'0') || lpad(to_hex(gen_h(i,17)),16,'0'))::uuid,
  CASE WHEN i % 3 = 0 THEN NULL ELSE (lpad(to_hex(gen_h(i/8,16)),16,'0') || lpad(to_hex(gen_h(i/8,17)),16,'0'))::uuid END,
  timestamptz '2024-01-01 00:00:00+00' + i * interval '17.000321 seconds',
  CASE WHEN i % 7 = 0 THEN NULL ELSE timestamptz '2024-01-01 00:00:00+00' + i * interval '17.000321 seconds' + ((gen_h(i,18) & 1073741823)) * interval '1 millisecond' END,
  CASE WHEN i % 19 = 0 THEN NULL ELSE
    jsonb_build_object('k', i, 'src', (ARRAY['api','web','batch','mobile'])[1 + (gen_h(i,19) & 3)::int],
      'tags', jsonb_build_array('t' || (gen_h(i,20) & 31), 't' || (gen_h(i,21) & 31)),
      'geo', jsonb_build_object('lat', round(((gen_h(i,22) & 16777215)::numeric / 93206.75) - 90, 5), 'lon', round(((gen_h(i,23) & 16777215)::numeric / 46603.37) - 180, 5)),
      'note', md5((i*17)::text)) END
FROM generate_series(1::bigint, :wide_rows) AS g(i);
ALTER TABLE t_wide ADD PRIMARY KEY (id);

DROP TABLE IF EXISTS t_narrow;
CREATE TABLE t_narrow (
  id  bigint      NOT NULL,
  k   int         NOT NULL,
  v   float8      NOT NULL,
  ts  timestamptz NOT NULL,
  s   text        NOT NULL           -- 8..15 bytes
);
INSERT INTO t_narrow
SELECT i, (gen_h(i,1) & 1048575)::int, gen_h(i,2)::float8 / 9223372036854775807.0,
       timestamptz '2024-01-01 00:00:00+00' + i * interval '3.000007 seconds',
       'key-' || to_hex(gen_h(i,3) & 17179869183)
FROM generate_series(1::bigint, :narrow_rows) AS g(i);
ALTER TABLE t_narrow ADD PRIMARY KEY (id);

VACUUM (FREEZE, ANALYZE) t_wide;
VACUUM (FREEZE, ANALYZE) t_narrow;
SELECT relname, relpages, reltuples::bigint, pg_size_pretty(pg_relation_size(oid)) AS heap, pg_size_pretty(pg_total_relation_size(oid)) AS total
FROM pg_class WHERE relname IN ('t_wide','t_narrow') ORDER BY 1;
