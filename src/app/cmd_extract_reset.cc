#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "extract/ledger/ledger.h"

namespace trueup::app {
namespace {

using extract::Ledger;

struct ResetOptions : ConfigOptions {};

void reset_flags(CLI::App& /*app*/, ResetOptions& /*options*/) {}

/// What the ledger holds about one export, and a reset forgets.
struct Memory {
    std::string export_name;
    std::int64_t runs = 0;
    std::int64_t chunks = 0;
    std::int64_t parts = 0;
    std::int64_t verifications = 0;
    bool has_cursor = false;

    bool is_empty() const { return runs == 0 && verifications == 0 && !has_cursor; }
};

Result<Memory> memory_of(const Ledger& ledger, const std::string& name) {
    Memory memory;
    memory.export_name = name;
    extract::LedgerFilter filter;
    filter.export_name = name;
    filter.limit = 100'000;
    for (const extract::RunRecord& run : TRY(ledger.runs(filter))) {
        const auto chunks = TRY(ledger.chunks(run.run_id));
        const auto parts = TRY(ledger.parts(run.run_id));
        ++memory.runs;
        memory.chunks += std::ssize(chunks);
        memory.parts += std::ssize(parts);
    }
    const auto verifications = TRY(ledger.verifications(filter));
    memory.verifications = std::ssize(verifications);
    const auto cursor = TRY(ledger.cursor(name));
    memory.has_cursor = cursor.has_value();
    return memory;
}

json::Value to_json(const Memory& memory) {
    return {{"runs", memory.runs},
            {"chunks", memory.chunks},
            {"parts", memory.parts},
            {"verifications", memory.verifications},
            {"cursor", memory.has_cursor}};
}

std::string sentence_of(const Memory& memory) {
    if (memory.is_empty()) return fmt::format("{}: there is nothing to forget", memory.export_name);
    std::vector<std::string> what = {counted(memory.runs, "run"), counted(memory.chunks, "chunk"),
                                     counted(memory.parts, "part")};
    if (memory.verifications > 0) what.push_back(counted(memory.verifications, "verification"));
    if (memory.has_cursor) what.emplace_back("its cursor");
    return fmt::format("{}: forgot {}; the files stay where they are", memory.export_name,
                       fmt::join(what, ", "));
}

Status forget(Ledger& ledger, const Memory& memory, UnixMicros now) {
    TRY(ledger.reset(memory.export_name, now));
    extract::EventRecord event;
    event.at = now;
    event.export_name = memory.export_name;
    event.kind = "reset";
    event.detail_json = json::write(to_json(memory));
    return ledger.record_event(event);
}

Result<core::Verdict> run_reset(const ResetOptions& options, Context& context) {
    const extract::Config config = TRY(load_config(options, context));
    const auto exports = TRY(selected_exports(config, options));
    if (options.exports.empty() && exports.size() > 1) {
        return fail(ErrorClass::Usage,
                    fmt::format("{} has {} exports: --export says which of them to reset",
                                config.file, exports.size()),
                    "a reset forgets runs and chunks; it is never done to all exports at once");
    }
    const std::string path = extract::ledger_path(config.file);
    std::optional<Ledger> ledger = TRY(Ledger::open_read_only(path));
    const bool has_ledger = ledger.has_value();
    ledger.reset();
    if (has_ledger) {
        Ledger writable = TRY(Ledger::open(path));
        ledger.emplace(std::move(writable));
    }
    json::Value answers = json::Value::array();
    bool has_files = false;
    for (const extract::Export* wanted : exports) {
        Memory memory;
        memory.export_name = wanted->name;
        if (ledger) memory = TRY(memory_of(*ledger, wanted->name));
        if (!memory.is_empty()) TRY(forget(*ledger, memory, context.clock().now()));
        has_files = has_files || memory.parts > 0;
        answers.push_back({{"export", wanted->name}, {"forgotten", to_json(memory)}});
        if (!context.is_json()) context.out().write(sentence_of(memory) + "\n");
    }
    if (context.is_json()) print_json(context, {{"exports", answers}});
    if (has_files) {
        context.say(
            "\"trueup extract run\" begins anew; \"trueup extract gc\" then finds the old "
            "files");
    }
    return core::Verdict::Clean;
}

}  // namespace

Command extract_reset_command() {
    return command<ResetOptions>(
        {"extract", "reset", "Forget what is recorded about an export; its files stay"},
        Needs::Config, reset_flags, run_reset);
}

}  // namespace trueup::app
