#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "base/text.h"
#include "extract/proof/gc.h"

namespace trueup::app {
namespace {

using extract::GcItem;
using extract::GcPlan;

struct GcCommandOptions : ConfigOptions {
    bool is_executed = false;
    bool takes_superseded = false;
};

void gc_flags(CLI::App& app, GcCommandOptions& options) {
    app.add_flag("--execute", options.is_executed,
                 "Move them to _quarantine/; without this they are only listed");
    app.add_flag("--superseded", options.takes_superseded,
                 "Also replaced parts, and the parts of earlier runs");
}

void print_plan(const Context& context, const std::string& name, const GcPlan& plan) {
    print_heading(context, name);
    print_line(context, plan.prefix);
    if (plan.items.empty()) {
        print_line(context, "every file belongs to the export");
        return;
    }
    term::Table table({{"File", term::Align::Left, false},
                       {"Size", term::Align::Right, false},
                       {"Kind", term::Align::Left, false},
                       {"Moves"},
                       {"Why"}});
    for (const GcItem& item : plan.items) {
        table.add_row({{item.file},
                       {human_bytes(item.bytes)},
                       {std::string(name_of(item.kind))},
                       {item.is_moved ? "yes" : "no",
                        item.is_moved ? term::Style::Warning : term::Style::Faint},
                       {item.sentence}});
    }
    print_table(context, table);
}

void print_outcome(const Context& context, const extract::GcResult& result, bool is_executed) {
    if (result.plan.files_moved == 0) return;
    const std::string amount = fmt::format("{}, {}", counted(result.plan.files_moved, "file"),
                                           human_bytes(result.plan.bytes_moved));
    context.out().write("\n");
    print_line(context, is_executed ? fmt::format("moved {} to {}", amount, result.quarantine)
                                    : fmt::format("would move {}; --execute does it", amount));
}

json::Value to_json(const std::string& name, const extract::GcResult& result, bool is_executed) {
    const auto& quarantine = result.quarantine;
    return {{"export", name},
            {"plan", json_stored(extract::to_json(result.plan))},
            {"executed", is_executed},
            {"quarantine", quarantine.empty() ? json::Value() : json::Value(quarantine)},
            {"moved", result.moved}};
}

Result<extract::GcResult> collect(const extract::JobContext& job, const GcCommandOptions& options) {
    extract::GcOptions how;
    how.superseded = options.takes_superseded;
    if (options.is_executed) return extract::execute_gc(job, how);
    extract::GcResult result;
    result.plan = TRY(extract::plan_gc(job, how));
    return result;
}

Result<core::Verdict> run_gc(const GcCommandOptions& options, Context& context) {
    json::Value answers = json::Value::array();
    const auto work = [&](const extract::JobContext& job) -> Result<core::Verdict> {
        const extract::GcResult result = TRY(collect(job, options));
        const std::string& name = job.wanted->name;
        if (!context.is_json()) {
            if (!answers.empty()) context.out().write("\n");
            print_plan(context, name, result.plan);
            print_outcome(context, result, options.is_executed);
        }
        answers.push_back(to_json(name, result, options.is_executed));
        return core::Verdict::Clean;
    };
    auto verdict = for_each_export(options, context, work);
    if (context.is_json() && !answers.empty()) print_json(context, {{"exports", answers}});
    return verdict;
}

}  // namespace

Command extract_gc_command() {
    return command<GcCommandOptions>(
        {"extract", "gc", "Find files that belong to no export, and set them aside"}, Needs::Config,
        gc_flags, run_gc);
}

}  // namespace trueup::app
