#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace trueup::codex::testing {

/// A row of table threads; the columns that are not named here have harmless values.
struct SampleRow {
    std::string id;
    std::optional<std::string> rollout_path = "";
    std::optional<std::string> provider = "openai";
    std::int64_t created_at = 1'767'225'600;  // 2026-01-01, in seconds.
    std::int64_t updated_at = 1'767'225'600;
    bool is_archived = false;
    std::string title = "a thread";
    std::string cwd = "/project";
};

struct SampleStore {
    std::vector<SampleRow> rows;
    bool is_wal = true;
    /// Lets rollout_path and model_provider be NULL, which Codex does not.
    bool allows_null = false;
    std::optional<std::string> backfill = "complete";  // Nothing: without table backfill_state.
    std::int64_t backfill_updated_at = 0;
};

/// A state_5.sqlite as a current Codex makes it: columns, indexes, and the triggers that fill the
/// millisecond columns. Makes missing folders; nothing stays beside it.
void make_store(const std::string& path, const SampleStore& store);

/// Runs SQL on a database, creating it when missing.
void run_sql(const std::string& path, const std::string& sql);

/// Providers by thread id.
std::map<std::string, std::optional<std::string>> providers_in(const std::string& path);

/// "00000000-0000-4000-8000-000000000007" for 7.
std::string thread_id(int number);

}  // namespace trueup::codex::testing
