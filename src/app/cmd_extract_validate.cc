#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_proof_view.h"
#include "app/extract_view.h"
#include "extract/proof/validate.h"

namespace trueup::app {
namespace {

using extract::Finding;
using extract::ValidateDepth;
using extract::Validation;

struct ValidateCommandOptions : ConfigOptions {
    std::string depth = "full";
    std::string run_id;
    std::string prefix;
};

void validate_flags(CLI::App& app, ValidateCommandOptions& options) {
    app.add_option("--depth", options.depth,
                   "How closely: light (manifest and marker), sample (every file, its size) or "
                   "full (every byte and value)")
        ->type_name("DEPTH")
        ->capture_default_str()
        ->check(CLI::IsMember({"light", "sample", "full"}));
    app.add_option("--run-id", options.run_id, "Where this run wrote (default: the last one)")
        ->type_name("RUN");
    app.add_option("--prefix", options.prefix, "The folder to look at, whatever the runs say")
        ->type_name("FOLDER");
}

extract::ValidateOptions options_of(const ValidateCommandOptions& written) {
    extract::ValidateOptions options;
    for (const auto depth : {ValidateDepth::Light, ValidateDepth::Sample, ValidateDepth::Full}) {
        if (written.depth == name_of(depth)) options.depth = depth;
    }
    options.run_id = written.run_id;
    options.prefix = written.prefix;
    return options;
}

json::Value to_json(const Validation& validation) {
    json::Value findings = json::Value::array();
    for (const Finding& finding : validation.findings) {
        findings.push_back({{"code", finding.code()},
                            {"file", finding.file},
                            {"message", finding.sentence},
                            {"advice", finding.is_advice()}});
    }
    return {{"prefix", validation.prefix},
            {"depth", name_of(validation.depth)},
            {"findings", findings},
            {"report", json_stored(core::to_json(validation.report, -1))}};
}

void print_findings(const Context& context, const Validation& validation) {
    if (validation.findings.empty()) return;
    context.out().write("\n");
    for (const Finding& finding : validation.findings) {
        const auto style = finding.is_advice() ? term::Style::Faint : term::Style::Bad;
        context.out().write(
            fmt::format("  {}\n", context.out_styles()(style, std::string(finding.code()))));
        print_line(context, "  " + finding.sentence);
    }
}

Result<core::Verdict> run_validate(const ValidateCommandOptions& options, Context& context) {
    json::Value answers = json::Value::array();
    bool is_first = true;
    const auto work = [&](const extract::JobContext& job) -> Result<core::Verdict> {
        const Validation validation = TRY(extract::validate(job, options_of(options)));
        answers.push_back(to_json(validation));
        if (!context.is_json()) {
            if (!is_first) context.out().write("\n");
            is_first = false;
            print_report(context, validation.report);
            print_findings(context, validation);
        }
        return validation.report.verdict();
    };
    auto verdict = for_each_export(options, context, work);
    if (context.is_json() && !answers.empty()) print_json(context, {{"exports", answers}});
    return verdict;
}

}  // namespace

Command extract_validate_command() {
    return command<ValidateCommandOptions>(
        {"extract", "validate", "Check the files against their manifest, without the source"},
        Needs::Config, validate_flags, run_validate);
}

}  // namespace trueup::app
