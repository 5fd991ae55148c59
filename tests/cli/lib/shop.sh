# A small shop for the cases of `trueup extract`: sourced by their setups.

make_shop() {
    sqlite3 shop.db <<'SQL'
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, total DECIMAL(10,2), day DATE);
INSERT INTO orders SELECT value, 'customer ' || (value % 7), value * 1.25, date('2026-01-01', (value / 100) || ' days')
  FROM generate_series(1, 1000);
CREATE TABLE "line items" (order_id INTEGER NOT NULL, line INTEGER NOT NULL, article, PRIMARY KEY (order_id, line));
INSERT INTO "line items" SELECT value, 1, 'article ' || value FROM generate_series(1, 20);
CREATE VIEW recent AS SELECT * FROM orders WHERE id > 900;
SQL
}

# Chunks of 250 rows, so that there are some.
make_config() {
    cat > trueup.yaml <<'YAML'
source:
  type: sqlite
  path: shop.db
  tuning:
    parallel: 1
exports:
  - name: orders
    table: orders
    format: parquet
    chunk_size: 250
    mode: chunked
    chunk_column: id
    destination:
      type: local
      path: out/orders
  - name: items
    table: '"line items"'
    format: csv
    destination:
      type: local
      path: out/items
YAML
}

# One row less, one changed and one more in the source than in the copy, in three chunks.
change_shop() {
    sqlite3 shop.db "DELETE FROM orders WHERE id = 10;
        UPDATE orders SET customer = 'somebody else' WHERE id = 300;
        INSERT INTO orders VALUES (2000, 'new', 1.5, '2026-02-01')"
}
