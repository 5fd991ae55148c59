#include "app/extract_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "app/cli.h"
#include "base/random.h"
#include "base/text.h"

namespace trueup::app {
namespace {

/// How much an error class counts when several exports failed: the higher one wins.
int weight_of(ErrorClass kind) {
    switch (kind) {
        case ErrorClass::Interrupted: return 8;
        case ErrorClass::Bug: return 7;
        case ErrorClass::Integrity: return 6;
        case ErrorClass::SchemaChanged: return 5;
        case ErrorClass::Retryable: return 4;
        case ErrorClass::Config: return 3;
        case ErrorClass::Usage: return 2;
        case ErrorClass::Failed: return 1;
    }
    std::unreachable();
}

core::Verdict worse(core::Verdict left, core::Verdict right) {
    if (left == core::Verdict::Differs || right == core::Verdict::Differs) {
        return core::Verdict::Differs;
    }
    return left == core::Verdict::Clean ? right : left;
}

Result<core::Verdict> run_one(
    const extract::Config& config, const extract::Export& wanted, Context& context,
    const std::function<Result<core::Verdict>(const extract::JobContext&)>& work) {
    core::Progress progress;
    const auto sink = context.progress_sink();
    const core::ProgressReporter reporter(progress, *sink);
    return work({&config, &wanted, &context.clock(), &system_random(), &progress});
}

}  // namespace

Result<extract::Config> read_config(const ConfigOptions& options) {
    extract::Parameters parameters;
    for (const auto& [name, value] : options.params) parameters[name] = value;
    return extract::load_config(options.config, parameters);
}

Result<extract::Config> load_config(const ConfigOptions& options, Context& context) {
    extract::Config config = TRY(read_config(options));
    for (const std::string& warning : config.warnings) context.warn(warning);
    return config;
}

bool is_worse(ErrorClass left, ErrorClass right) { return weight_of(left) > weight_of(right); }

Result<std::vector<const extract::Export*>> selected_exports(const extract::Config& config,
                                                             const ConfigOptions& options) {
    std::vector<std::string> names;
    names.reserve(config.exports.size());
    for (const extract::Export& known : config.exports) names.push_back(known.name);
    for (const std::string& wanted : options.exports) {
        if (extract::find_export(config, wanted) != nullptr) continue;
        return fail(ErrorClass::Usage,
                    fmt::format("{} has no export \"{}\"{}", config.file, wanted,
                                did_you_mean(wanted, names)),
                    fmt::format("its exports are: {}", fmt::join(names, ", ")));
    }
    std::vector<const extract::Export*> selected;
    for (const extract::Export& known : config.exports) {
        const bool is_wanted =
            options.exports.empty() ||
            std::ranges::find(options.exports, known.name) != options.exports.end();
        if (is_wanted) selected.push_back(&known);
    }
    return selected;
}

Result<core::Verdict> for_each_export(
    const ConfigOptions& options, Context& context,
    const std::function<Result<core::Verdict>(const extract::JobContext&)>& work) {
    const extract::Config config = TRY(load_config(options, context));
    const auto exports = TRY(selected_exports(config, options));
    core::Verdict verdict = core::Verdict::Clean;
    std::optional<Error> worst;
    for (const extract::Export* wanted : exports) {
        auto outcome = run_one(config, *wanted, context, work);
        if (outcome) {
            verdict = worse(verdict, *outcome);
            continue;
        }
        Error error = std::move(outcome).error();
        if (exports.size() > 1) {
            error = in_context(std::move(error), "export " + wanted->name).error();
        }
        const bool is_worst = !worst || is_worse(error.kind, worst->kind);
        if (is_worst && worst) print_error(*worst, context.is_json(), context.err());
        if (!is_worst) print_error(error, context.is_json(), context.err());
        if (is_worst) worst = std::move(error);
        if (worst->kind == ErrorClass::Interrupted) break;
    }
    if (worst) return std::unexpected(*std::move(worst));
    return verdict;
}

}  // namespace trueup::app
