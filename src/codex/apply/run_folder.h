#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "codex/home/codex_home.h"

/// Where trueup keeps what it needs of a Codex home: `<home>/backups/trueup/`, one folder for each
/// run.
namespace trueup::codex {

/// Paths of a home; nothing is looked at.
std::string runs_root(const CodexHome& home);
std::string run_folder(const CodexHome& home, std::string_view run_id);
std::string journal_path(const CodexHome& home, std::string_view run_id);
std::string originals_path(const CodexHome& home);
std::string cache_path(const CodexHome& home);
/// The lock that this program shares with codex-threadripper.
std::string lock_path(const CodexHome& home);

/// "20260131T081500Z-8a12": sorts by time.
/// One that no run of the home has yet; its lock must be held.
std::string make_run_id(const CodexHome& home, UnixMicros now, Random& random);
bool is_run_id(std::string_view text);

/// Ids of all runs, newest first.
Result<std::vector<std::string>> list_runs(const CodexHome& home);

/// Makes the folder of a run, for its owner alone.
Status make_run_folder(const CodexHome& home, std::string_view run_id);
/// Removes the folder of a run and everything in it, the journal last, so that what is left of it
/// after a crash can still be read as a run.
Status remove_run_folder(const CodexHome& home, std::string_view run_id);

}  // namespace trueup::codex
