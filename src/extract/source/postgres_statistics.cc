#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "extract/source/postgres_parts.h"

// What ANALYZE left behind about a column:
// https://www.postgresql.org/docs/current/view-pg-stats.html. The view shows nothing of columns
// that the user may not read.

namespace trueup::extract::postgres_source {
namespace {

using postgres::Rows;

constexpr std::int64_t kBillion = 1'000'000'000;

/// The values in the key's order, what share of the rows each stands for, in billionths of those
/// with a key, and whether these rows have that very value; else they lie between it and the bound
/// before. (A bare name in ORDER BY would mean its text.) Statistics count as old when one row in
/// ten has changed since. What has children is left out: changes of these are not counted at the
/// parent.
std::string question(const Relation& relation, const ChunkKey& key) {
    const std::string& collation = key.collations.front();
    return fmt::format(
        "WITH trueup_stats AS (SELECT s.histogram_bounds::text::{0}[] AS bounds, "
        "s.most_common_vals::text::{0}[] AS common, s.most_common_freqs AS shares, 1 - s.null_frac "
        "AS known, 1 - s.null_frac - COALESCE((SELECT pg_catalog.sum(f) FROM "
        "pg_catalog.unnest(s.most_common_freqs) f), 0) AS rest FROM pg_catalog.pg_class c JOIN "
        "pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_stats s ON "
        "s.schemaname = n.nspname AND s.tablename = c.relname LEFT JOIN "
        "pg_catalog.pg_stat_all_tables t ON t.relid = c.oid WHERE c.oid = {1}::regclass AND "
        "c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND NOT s.inherited AND s.attname = {2} "
        "AND COALESCE(t.n_mod_since_analyze, 0) <= c.reltuples / 10) SELECT trueup_value::text, "
        "({3} * trueup_share)::bigint, trueup_is_common FROM (SELECT b.value AS trueup_value, CASE "
        "WHEN b.place > 1 THEN GREATEST(rest, 0) / NULLIF(known, 0) / (pg_catalog.cardinality("
        "bounds) - 1) ELSE 0 END AS trueup_share, false AS trueup_is_common FROM trueup_stats, "
        "pg_catalog.unnest(bounds) WITH ORDINALITY b(value, place) UNION ALL SELECT m.value, "
        "m.share / NULLIF(known, 0), true FROM trueup_stats, ROWS FROM (pg_catalog.unnest(common), "
        "pg_catalog.unnest(shares)) "
        "m(value, share)) AS trueup_all ORDER BY "
        "trueup_all.trueup_value{4}, trueup_all.trueup_is_common",
        key.types.front(), quote_text(relation.from_sql), quote_text(key.columns.front()), kBillion,
        collation.empty() ? "" : " COLLATE " + collation);
}

}  // namespace

Result<std::vector<Quantile>> quantiles(postgres::Connection& connection, const Relation& relation,
                                        const ChunkKey& key) {
    std::vector<Quantile> found;
    // The text of arrays of arrays cannot be told from that of arrays with more dimensions.
    const bool is_told =
        relation.is_table && !key.is_physical && !key.types.front().ends_with("[]");
    if (!is_told) return found;
    const auto asked = connection.query_apart(question(relation, key));
    if (!asked) {
        // Statistics that are withheld, or of values that their type does not read again, are no
        // reason not to read the rows.
        const bool is_answer = asked.error().kind == ErrorClass::Failed &&
                               connection.state() == postgres::Connection::State::Ready;
        if (is_answer) return found;
        return std::unexpected(asked.error());
    }
    const Rows& rows = *asked;
    std::int64_t below = 0;
    for (int row = 0; row < rows.size(); ++row) {
        const auto share = parse_int64(rows.text(row, 1));
        if (!share || rows.is_null(row, 0) || *share < 0 || *share > kBillion) {
            return std::vector<Quantile>();  // Half of them would be worse than none.
        }
        const bool is_common = rows.text(row, 2) == "t";
        if (!is_common) below += *share;
        found.push_back(
            {key_value(key, 0, rows.text(row, 0)),
             static_cast<double>(std::min(below, kBillion)) / static_cast<double>(kBillion)});
        if (is_common) below += *share;
    }
    return found;
}

}  // namespace trueup::extract::postgres_source
