#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "extract/manifest/manifest.h"

namespace trueup::extract {

inline std::string sha256_like(std::string_view seed) { return sha256_hex(seed); }

/// Two committed parts and one that the last of them replaced.
inline Manifest sample_manifest() {
    Manifest manifest;
    manifest.export_name = "orders";
    manifest.run_id = "orders-1";
    manifest.generation = 2;
    manifest.written_at = "2026-11-21T08:15:00.000000Z";
    manifest.writer = "trueup 0.1.0 (DuckDB v1.4.5)";
    manifest.plan_hash = "xxh3:1";
    manifest.source = {.engine = "sqlite",
                       .server_version = "3.40.1",
                       .database = "shop.db",
                       .relation = "orders",
                       .query = "",
                       .snapshot_id = "",
                       .consistency = "snapshot"};
    manifest.columns = {{"id", "INTEGER", "BIGINT", false, "exact"},
                        {"note", "TEXT", "VARCHAR", true, "exact"},
                        {"hash", "computed", "BIGINT", false, "exact"}};
    manifest.format = {"parquet", {{"compression", "zstd"}, {"level", "1"}}};
    manifest.row_hash = {"hash", {"note", "id"}, "trueup.row_hash/1"};
    manifest.chunk_keys = {"id"};
    ManifestPart part;
    part.path = "a.parquet";
    part.chunk_id = 1;
    part.chunk_kind = "range";
    part.bounds_json = R"({"lo":null,"hi":"100"})";
    part.rows = 10;
    part.bytes = 300;
    part.sha256 = std::string(64, 'a');
    part.column_digests = {{"id", "0123456789abcdef", 0},
                           {"note", "fedcba9876543210", 3},
                           {"hash", "00000000000000aa", 0}};
    part.row_digest = std::string(32, 'c');
    manifest.parts.push_back(part);
    part.path = "b.parquet";
    part.chunk_id = 2;
    part.rows = 5;
    part.is_committed = false;
    part.replaced_by = {"c.parquet"};
    manifest.parts.push_back(part);
    part.path = "c.parquet";
    part.rows = 2;
    part.bytes = 40;
    part.column_digests = {};
    part.row_digest = "";
    part.generation = 2;
    part.is_committed = true;
    part.replaced_by = {};
    manifest.parts.push_back(part);
    return manifest;
}

}  // namespace trueup::extract
