#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "core/progress.h"
#include "term/stream.h"
#include "term/style.h"
#include "term/table.h"

namespace trueup::app {

enum class ProgressMode : std::uint8_t { Auto, Json, None };

/// What the flags said that every command has.
struct GlobalOptions {
    bool is_json = false;
    bool is_quiet = false;
    bool is_verbose = false;
    bool is_utc = false;
    std::optional<std::string> timezone;  // A name of the tz database; else the process's own zone.
    term::ColorChoice color = term::ColorChoice::Auto;
    ProgressMode progress = ProgressMode::Auto;
};

/// The outside world as a command sees it; everything pointed to outlives it, none of it is null.
struct World {
    term::Stream* out;
    term::Stream* err;
    const Clock* clock;
    term::Environment environment;
};

/// What a command is run with: where its answer goes, and how the person wants it.
class Context {
  public:
    Context(World world, GlobalOptions options);

    /// The answer, and nothing else.
    term::Stream& out() const { return *world_.out; }
    /// For people. Prefer warn() and say().
    term::Stream& err() const { return *world_.err; }
    const Clock& clock() const { return *world_.clock; }
    const term::Environment& environment() const { return world_.environment; }
    const GlobalOptions& options() const { return options_; }
    bool is_json() const { return options_.is_json; }
    bool is_quiet() const { return options_.is_quiet; }
    bool is_verbose() const { return options_.is_verbose; }

    /// "trueup: warning: …" on stderr, made printable.
    void warn(std::string_view sentence) const;
    /// One line on stderr about what is being done; nothing under --quiet or --json.
    void say(std::string_view sentence) const;

    /// How to paint what goes to stdout.
    term::Styles out_styles() const;
    /// For a table on stdout: as wide as the terminal, or as it takes in a pipe.
    term::TableOptions table_options() const;
    /// For term::BarOptions.
    bool is_unicode() const;
    /// "2026-01-31 08:15:00" in the zone the person asked for.
    std::string human_time(UnixMicros time) const;

    /// Where progress belongs: as --progress says; by itself a line on a terminal, lines
    /// elsewhere, and nothing under --quiet or when --json keeps stderr for JSON.
    std::unique_ptr<core::ProgressSink> progress_sink() const;

  private:
    World world_;
    GlobalOptions options_;
};

}  // namespace trueup::app
