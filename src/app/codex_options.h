#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/since.h"
#include "base/clock.h"
#include "base/result.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "codex/plan/plan.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it so.
class App;
}

/// What can be said on the command lines of `trueup codex`. Values are checked while they are read.
namespace trueup::app {

/// "all", "cli", "app", "configured": as --store takes it.
std::string_view name_of(codex::StoreFilter filter);

/// Options of every command of codex; command() declares them by itself.
struct CodexOptions {
    std::optional<std::string> home;
    std::optional<std::string> provider;
    std::optional<std::string> profile;
    std::optional<codex::StoreFilter> store;

    /// Takes from `outer` what was not given here.
    void fill_from(const CodexOptions& outer);
    codex::SettingsRequest settings() const { return {provider, profile}; }
    codex::StoreFilter stores() const { return store.value_or(codex::StoreFilter::All); }
};

/// --codex-home, --provider, --profile, --store.
void codex_flags(CLI::App& app, CodexOptions& options);

/// The word behind `switch`.
void provider_argument(CLI::App& app, std::optional<std::string>& provider);

/// Which threads a command is about.
struct SelectionOptions {
    std::vector<std::string> threads;
    std::vector<std::string> from;
    std::optional<std::string> cwd;  // As typed.
    std::optional<Since> since;
    std::optional<bool> is_archived;
};
/// --thread, --from, --cwd, --since, --archived.
void selection_flags(CLI::App& app, SelectionOptions& options);
/// --cwd is made absolute, from `here`, and normal.
codex::Selection to_selection(const SelectionOptions& options, const std::string& here,
                              UnixMicros now, bool is_utc);

inline constexpr std::chrono::milliseconds kWaitDefault{10'000};

/// Options of the commands that change a home; each command declares those that mean something to
/// it.
struct ChangeOptions : CodexOptions {
    bool is_dry_run = false;
    bool is_sqlite_only = false;
    bool forces_backfill = false;
    bool first_line_only = false;
    std::optional<std::uint32_t> padding;
    std::chrono::milliseconds wait = kWaitDefault;
    SelectionOptions selection;
};
void dry_run_flag(CLI::App& app, bool& is_dry_run);
void sqlite_only_flag(CLI::App& app, bool& is_sqlite_only);
void padding_flag(CLI::App& app, std::optional<std::uint32_t>& padding);
void wait_flag(CLI::App& app, std::chrono::milliseconds& wait);
void backfill_flag(CLI::App& app, bool& forces_backfill);
void first_line_flag(CLI::App& app, bool& first_line_only);
/// All of the above and the selection.
void change_flags(CLI::App& app, ChangeOptions& options);

/// A whole number in a range, as an option takes it; the error names the option.
struct NumberOption {
    std::string_view flag;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::optional<std::int64_t> value;  // Nothing: not given.
};
void number_flag(CLI::App& app, NumberOption& option, const std::string& help);

/// Usage when `options` name one store although `command` writes rollouts, which all stores share.
Status refuse_store_with_rollouts(const CodexOptions& options, bool is_sqlite_only,
                                  std::string_view command);
/// Usage when `options` name one store although `command` is about the whole home.
Status refuse_store(const CodexOptions& options, std::string_view command);

}  // namespace trueup::app
