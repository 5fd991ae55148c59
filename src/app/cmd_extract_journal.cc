#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "extract/ledger/ledger.h"

namespace trueup::app {
namespace {

using extract::EventRecord;

struct JournalOptions : ConfigOptions {
    int events_max = 20;
    std::string run_id;
};

void journal_flags(CLI::App& app, JournalOptions& options) {
    app.add_option("-l,--last", options.events_max, "How many events to show (default 20)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--run-id", options.run_id, "Only events of this run")->type_name("RUN");
}

/// The last events of the chosen exports, newest last.
Result<std::vector<EventRecord>> last_events(const extract::Ledger& ledger,
                                             const JournalOptions& options) {
    std::vector<std::string> exports = options.exports;
    if (exports.empty()) exports.emplace_back();  // Those that left the configuration too.
    std::vector<EventRecord> events;
    for (const std::string& name : exports) {
        extract::LedgerFilter filter;
        filter.export_name = name;
        filter.run_id = options.run_id;
        filter.limit = options.events_max;
        for (EventRecord& event : TRY(ledger.events(filter))) events.push_back(std::move(event));
    }
    std::ranges::sort(events, {}, &EventRecord::id);
    const auto surplus = std::max<std::ptrdiff_t>(std::ssize(events) - options.events_max, 0);
    events.erase(events.begin(), events.begin() + surplus);
    return events;
}

/// {"rows":5,"why":"a b"} is `rows=5 why="a b"`.
std::string detail_text(const std::string& detail_json) {
    const json::Value detail = json_stored(detail_json);
    if (!detail.is_object()) return detail_json;
    std::vector<std::string> pairs;
    for (const auto& [key, value] : detail.items()) {
        std::string text = json::write(value);
        const bool is_plain =
            value.is_string() && !value.empty() && text.find_first_of(" \\=") == std::string::npos;
        if (is_plain) text = value.get<std::string>();
        pairs.push_back(fmt::format("{}={}", key, text));
    }
    return fmt::format("{}", fmt::join(pairs, " "));
}

json::Value event_json(const EventRecord& event) {
    return {{"id", event.id},
            {"at", json_time(event.at)},
            {"export", event.export_name},
            {"run_id", event.run_id.empty() ? json::Value() : json::Value(event.run_id)},
            {"kind", event.kind},
            {"detail", json_stored(event.detail_json)}};
}

void print_events(const Context& context, const std::vector<EventRecord>& events) {
    term::Table table({{"Time", term::Align::Left, false},
                       {"Export"},
                       {"Event", term::Align::Left, false},
                       {"Run"},
                       {"Detail"}});
    for (const EventRecord& event : events) {
        table.add_row({{context.human_time(event.at), term::Style::Faint},
                       {event.export_name},
                       {event.kind},
                       {event.run_id},
                       {detail_text(event.detail_json)}});
    }
    context.out().write(table.render(context.table_options()));
}

Result<core::Verdict> run_journal(const JournalOptions& options, Context& context) {
    const extract::Config config = TRY(load_config(options, context));
    TRY(selected_exports(config, options));
    const auto ledger = TRY(extract::Ledger::open_read_only(extract::ledger_path(config.file)));
    std::vector<EventRecord> events;
    if (ledger) events = TRY(last_events(*ledger, options));
    if (context.is_json()) {
        json::Value answer = json::Value::array();
        for (const EventRecord& event : events) answer.push_back(event_json(event));
        print_json(context, {{"events", answer}});
    } else if (events.empty()) {
        context.out().write(options.run_id.empty() && options.exports.empty()
                                ? "the journal is empty: nothing was run yet\n"
                                : "the journal has no such events\n");
    } else {
        print_events(context, events);
    }
    return core::Verdict::Clean;
}

}  // namespace

Command extract_journal_command() {
    return command<JournalOptions>({"extract", "journal", "Show what happened, newest last"},
                                   Needs::Config, journal_flags, run_journal);
}

}  // namespace trueup::app
