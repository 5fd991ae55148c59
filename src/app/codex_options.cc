#include "app/codex_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <map>

#include "app/help.h"
#include "base/text.h"
#include "codex/apply/reconcile.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::StoreFilter;
using codex::Text;
using codex::tr;

const std::map<std::string, StoreFilter, std::less<>>& store_names() {
    static const std::map<std::string, StoreFilter, std::less<>> names = {
        {"all", StoreFilter::All},
        {"cli", StoreFilter::Cli},
        {"app", StoreFilter::App},
        {"configured", StoreFilter::Configured}};
    return names;
}

[[noreturn]] void refuse(const std::string& flag, const std::string& why) {
    throw CLI::ValidationError(flag, why);
}

void check_is_provider(const std::string& flag, const std::string& provider) {
    if (codex::check_provider(provider)) return;
    refuse(flag, trim(provider).empty() ? tr(Text::BadBlank) : tr(Text::BadControl));
}

void check_is_profile(const std::string& profile) {
    if (codex::check_profile(profile)) return;
    const bool is_blank = trim(profile).empty();
    refuse("--profile", is_blank ? tr(Text::BadBlank) : tr(Text::BadProfile, profile));
}

/// One value that is checked by `take` as it is read.
CLI::Option* text_option(CLI::App& app, const std::string& flag, Text help,
                         const std::function<void(const std::string&)>& take) {
    return app.add_option_function<std::string>(flag, take, help_text(help));
}

std::int64_t parse_number(const NumberOption& what, const std::string& text) {
    const auto number = parse_int64(text);
    if (!number || *number < what.min || *number > what.max) {
        refuse(std::string(what.flag), tr(Text::BadNumber, text, what.min, what.max));
    }
    return *number;
}

/// Without "." and "..", and without a slash at the end.
std::string absolute_folder(const std::string& folder, const std::string& here) {
    const auto path = (std::filesystem::path(here) / folder).lexically_normal();
    return path.has_filename() ? path.string() : path.parent_path().string();
}

constexpr std::int64_t kWaitSecondsMax = 86'400;

/// "10", "2.5": seconds, to the millisecond.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
    const std::size_t dot = text.find('.');
    const auto whole = parse_int64(text.substr(0, dot));
    if (!whole || *whole < 0 || *whole > kWaitSecondsMax || text[0] == '+') return std::nullopt;
    std::chrono::milliseconds wait = std::chrono::seconds(*whole);
    if (dot == std::string_view::npos) return wait;
    std::string digits(text.substr(dot + 1));
    if (digits.empty() || digits.size() > 3) return std::nullopt;
    digits.resize(3, '0');
    const bool is_number = digits.find_first_not_of("0123456789") == std::string::npos;
    const auto fraction = parse_int64(digits);
    if (!is_number || !fraction) return std::nullopt;
    return wait + std::chrono::milliseconds(*fraction);
}

}  // namespace

std::string_view name_of(StoreFilter filter) {
    for (const auto& [name, value] : store_names()) {
        if (value == filter) return name;
    }
    return "all";
}

void CodexOptions::fill_from(const CodexOptions& outer) {
    if (!home) home = outer.home;
    if (!provider) provider = outer.provider;
    if (!profile) profile = outer.profile;
    if (!store) store = outer.store;
}

void codex_flags(CLI::App& app, CodexOptions& options) {
    const std::string group = tr(Text::CliCodexOptions);
    app.add_option("--codex-home", options.home, help_text(Text::OptCodexHome))
        ->type_name("DIR")
        ->group(group);
    text_option(app, "--provider", Text::OptProvider,
                [&options](const std::string& text) {
                    check_is_provider("--provider", text);
                    options.provider = text;
                })
        ->type_name("PROVIDER")
        ->group(group);
    text_option(app, "--profile", Text::OptProfile,
                [&options](const std::string& text) {
                    check_is_profile(text);
                    options.profile = std::string(trim(text));
                })
        ->type_name("PROFILE")
        ->group(group);
    text_option(app, "--store", Text::OptStore,
                [&options](const std::string& text) {
                    const auto found = store_names().find(text);
                    if (found == store_names().end()) refuse("--store", tr(Text::BadStore, text));
                    options.store = found->second;
                })
        ->type_name("STORE")
        ->group(group);
}

void provider_argument(CLI::App& app, std::optional<std::string>& provider) {
    text_option(app, "PROVIDER", Text::OptSwitchTo, [&provider](const std::string& text) {
        check_is_provider("PROVIDER", text);
        provider = text;
    })->type_name("");
}

void selection_flags(CLI::App& app, SelectionOptions& options) {
    const std::string group = tr(Text::CliSelection);
    const auto take_threads = [&options](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            if (trim(text).empty()) refuse("--thread", tr(Text::BadBlank));
        }
        options.threads = texts;
    };
    app.add_option_function<std::vector<std::string>>("--thread", take_threads,
                                                      help_text(Text::OptThread))
        ->type_name("ID")
        ->allow_extra_args(false)
        ->group(group);
    app.add_option_function<std::vector<std::string>>(
           "--from",
           [&options](const std::vector<std::string>& texts) {
               for (const std::string& text : texts) check_is_provider("--from", text);
               options.from = texts;
           },
           help_text(Text::OptFrom))
        ->type_name("PROVIDER")
        ->allow_extra_args(false)
        ->group(group);
    text_option(app, "--cwd", Text::OptCwd,
                [&options](const std::string& text) {
                    if (trim(text).empty()) refuse("--cwd", tr(Text::BadBlank));
                    options.cwd = text;
                })
        ->type_name("DIR")
        ->group(group);
    text_option(app, "--since", Text::OptSince,
                [&options](const std::string& text) {
                    options.since = parse_since(text);
                    if (!options.since) refuse("--since", tr(Text::BadSince, text));
                })
        ->type_name("TIME")
        ->group(group);
    text_option(app, "--archived", Text::OptArchived,
                [&options](const std::string& text) {
                    const bool is_known = text == "yes" || text == "no";
                    if (!is_known) refuse("--archived", tr(Text::BadYesNo, text));
                    options.is_archived = text == "yes";
                })
        ->type_name("yes|no")
        ->group(group);
}

codex::Selection to_selection(const SelectionOptions& options, const std::string& here,
                              UnixMicros now, bool is_utc) {
    codex::Selection selection;
    selection.threads = options.threads;
    selection.from = options.from;
    if (options.cwd) selection.cwd = absolute_folder(*options.cwd, here);
    if (options.since) selection.since = resolve(*options.since, now, is_utc);
    selection.is_archived = options.is_archived;
    return selection;
}

void dry_run_flag(CLI::App& app, bool& is_dry_run) {
    app.add_flag("--dry-run", is_dry_run, help_text(Text::OptDryRun));
}

void sqlite_only_flag(CLI::App& app, bool& is_sqlite_only) {
    app.add_flag("--sqlite-only", is_sqlite_only, help_text(Text::OptSqliteOnly));
}

void padding_flag(CLI::App& app, std::optional<std::uint32_t>& padding) {
    const auto take = [&padding](const std::string& text) {
        const NumberOption range{"--padding-bytes", 0, codex::kPaddingBytesMax, {}};
        padding = static_cast<std::uint32_t>(parse_number(range, text));
    };
    text_option(app, "--padding-bytes", Text::OptPadding, take)->type_name("BYTES");
}

void wait_flag(CLI::App& app, std::chrono::milliseconds& wait) {
    const auto take = [&wait](const std::string& text) {
        const auto seconds = parse_seconds(text);
        if (!seconds) refuse("--wait", tr(Text::BadNumber, text, 0, kWaitSecondsMax));
        wait = *seconds;
    };
    text_option(app, "--wait", Text::OptWait, take)->type_name("SECONDS");
}

void backfill_flag(CLI::App& app, bool& forces_backfill) {
    app.add_flag("--force-backfill", forces_backfill, help_text(Text::OptForceBackfill));
}

void first_line_flag(CLI::App& app, bool& first_line_only) {
    app.add_flag("--first-line-only", first_line_only, help_text(Text::OptFirstLineOnly));
}

void change_flags(CLI::App& app, ChangeOptions& options) {
    dry_run_flag(app, options.is_dry_run);
    sqlite_only_flag(app, options.is_sqlite_only);
    padding_flag(app, options.padding);
    wait_flag(app, options.wait);
    backfill_flag(app, options.forces_backfill);
    first_line_flag(app, options.first_line_only);
    selection_flags(app, options.selection);
}

void number_flag(CLI::App& app, NumberOption& option, const std::string& help) {
    const auto take = [&option](const std::string& text) {
        option.value = parse_number(option, text);
    };
    app.add_option_function<std::string>(std::string(option.flag), take, wrapped_help(help))
        ->type_name("N");
}

Status refuse_store_with_rollouts(const CodexOptions& options, bool is_sqlite_only,
                                  std::string_view command) {
    if (is_sqlite_only || options.stores() == StoreFilter::All) return {};
    return fail(ErrorClass::Usage,
                tr(Text::StoreNeedsSqliteOnly, command, name_of(options.stores())),
                tr(Text::StoreNeedsSqliteOnlyHint));
}

Status refuse_store(const CodexOptions& options, std::string_view command) {
    if (options.stores() == StoreFilter::All) return {};
    return fail(ErrorClass::Usage, tr(Text::StoreHasNoMeaning, command, name_of(options.stores())),
                tr(Text::StoreHasNoMeaningHint));
}

}  // namespace trueup::app
