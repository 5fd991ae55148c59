#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "base/random.h"
#include "base/text.h"
#include "extract/doctor/doctor.h"

namespace trueup::app {
namespace {

using extract::Diagnosis;
using extract::Examined;
using extract::Health;
using extract::Observation;

struct DoctorOptions : ConfigOptions {};

void doctor_flags(CLI::App& /*app*/, DoctorOptions& /*options*/) {}

struct Mark {
    std::string_view word;
    term::Style style;
};
Mark mark_of(Health health) {
    switch (health) {
        case Health::Ok: return {"OK", term::Style::Good};
        case Health::Warning: return {"WARN", term::Style::Warning};
        case Health::Failure: return {"FAIL", term::Style::Bad};
        case Health::Unknown: return {"?", term::Style::Warning};
    }
    std::unreachable();
}

void print_examined(const Context& context, const Examined& examined) {
    print_heading(context, fmt::format("{} {}", examined.kind, examined.subject));
    std::size_t widest = 0;
    for (const Observation& observation : examined.observations) {
        widest = std::max(widest, observation.topic.size());
    }
    for (const Observation& observation : examined.observations) {
        const Mark mark = mark_of(observation.health);
        context.out().write(fmt::format(
            "  {}  {:<{}}  {}\n", context.out_styles()(mark.style, fmt::format("{:<4}", mark.word)),
            observation.topic, widest, printable(observation.sentence)));
        if (observation.hint.empty()) continue;
        context.out().write(
            fmt::format("{:{}}{}\n", "", widest + 10,
                        context.out_styles()(term::Style::Faint, printable(observation.hint))));
    }
    context.out().write("\n");
}

/// "14 checks: 12 OK, 1 WARN, 1 FAIL".
std::string summary_text(const Diagnosis& diagnosis) {
    std::string parts;
    std::int64_t total = 0;
    for (const Health health : {Health::Ok, Health::Warning, Health::Failure, Health::Unknown}) {
        std::int64_t count = 0;
        for (const Examined& examined : diagnosis.examined) {
            count += std::ranges::count(examined.observations, health, &Observation::health);
        }
        total += count;
        if (count == 0) continue;
        parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, mark_of(health).word);
    }
    return fmt::format("{}: {}", counted(total, "check"), parts);
}

/// How a run would end: by the worst of what was found. Nothing when it would not fail.
std::optional<Error> worst_of(const Diagnosis& diagnosis) {
    std::optional<ErrorClass> worst;
    std::vector<std::string> failed;
    std::int64_t looked = 0;
    for (const Examined& examined : diagnosis.examined) {
        for (const Observation& observation : examined.observations) {
            ++looked;
            if (observation.health != Health::Failure) continue;
            failed.push_back(examined.kind == "export"
                                 ? fmt::format("{} of {}", observation.topic, examined.subject)
                                 : observation.topic);
            if (!worst || is_worse(observation.kind, *worst)) worst = observation.kind;
        }
    }
    if (!worst) return std::nullopt;
    return Error{*worst,
                 fmt::format("{} of {} failed: {}", failed.size(), counted(looked, "check"),
                             fmt::join(failed, ", ")),
                 ""};
}

Result<core::Verdict> run_doctor(const DoctorOptions& options, Context& context) {
    const extract::Config config = TRY(read_config(options));
    const auto exports = TRY(selected_exports(config, options));
    core::Progress progress;
    const extract::JobContext job{.config = &config,
                                  .clock = &context.clock(),
                                  .random = &system_random(),
                                  .progress = &progress};
    const Diagnosis diagnosis = TRY(extract::diagnose(job, exports));
    const core::Report report = extract::to_report(diagnosis, config.file);
    if (context.is_json()) {
        context.out().write(core::to_json(report, -1) + "\n");
    } else {
        for (const Examined& examined : diagnosis.examined) print_examined(context, examined);
        context.out().write(summary_text(diagnosis) + "\n");
    }
    if (auto worst = worst_of(diagnosis)) return std::unexpected(*std::move(worst));
    return report.verdict();
}

}  // namespace

Command extract_doctor_command() {
    return command<DoctorOptions>(
        {"extract", "doctor", "Look at all that a run needs; changes nothing"}, Needs::Config,
        doctor_flags, run_doctor);
}

}  // namespace trueup::app
