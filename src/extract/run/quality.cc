#include "extract/run/quality.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/file.h"
#include "base/signal.h"
#include "base/text.h"
#include "columnar/part.h"
#include "extract/run/engines.h"
#include "extract/run/journal.h"
#include "extract/source/relation.h"

namespace trueup::extract {
namespace {

using columnar::NamedType;

constexpr std::string_view kRowsMin = "row_count_min";
constexpr std::string_view kRowsMax = "row_count_max";
constexpr std::string_view kNullRatio = "null_ratio_max";
constexpr std::string_view kUnique = "unique_columns";

/// One column of all parts, one after another.
class ColumnOfParts final : public columnar::BatchSource {
  public:
    struct Parts {
        const std::vector<NamedType>* columns = nullptr;
        columnar::PartFormat format;
        std::vector<std::string> paths;
    };
    ColumnOfParts(columnar::Session& engine, const Parts& parts, std::size_t column)
        : engine_(&engine), parts_(&parts), column_(column) {}

    Status next(columnar::Batch& batch) override {
        TRY(check_interrupt());
        while (stream_ != nullptr || next_part_ < parts_->paths.size()) {
            if (stream_ == nullptr) TRY(open_part(parts_->paths[next_part_++]));
            batch.clear();
            TRY(stream_->next(batch));
            if (batch.rows() > 0) return {};
            stream_.reset();
        }
        return {};
    }

  private:
    Status open_part(const std::string& path) {
        stream_ = TRY(
            columnar::read_part_column(*engine_, *parts_->columns, parts_->format, path, column_));
        return {};
    }

    columnar::Session* engine_;
    const Parts* parts_;
    std::size_t column_;
    std::unique_ptr<columnar::RowStream> stream_;
    std::size_t next_part_ = 0;
};

/// Different values of a column that are not NULL. They are sorted, which spills whatever does not
/// fit in memory, and then looked through in their order: a table of all different values, however
/// the engine keeps it, would have to fit.
Result<std::int64_t> count_different(columnar::Engine& engine, const ColumnOfParts::Parts& parts,
                                     std::size_t column) {
    const auto reading = TRY(engine.connect());
    const auto counting = TRY(engine.connect());
    ColumnOfParts values(*reading, parts, column);
    TRY(counting->copy_from(values, {{"v", parts.columns->at(column).type}},
                            "CREATE TEMP TABLE sorted AS SELECT v FROM {source} WHERE v IS NOT "
                            "NULL ORDER BY v"));
    return counting->number(
        "SELECT count(*) FILTER (WHERE v IS DISTINCT FROM previous) FROM (SELECT v, lag(v) OVER () "
        "AS previous FROM sorted)");
}

class Judgement {
  public:
    Judgement(const JobContext& job, const CopyPlace& place, const Manifest& manifest)
        : job_(&job), rules_(&job.wanted->quality), place_(&place), manifest_(&manifest) {}

    Result<std::vector<QualityCheck>> run() {
        TRY(count());
        if (rules_->rows_min) {
            judge(kRowsMin, rows_, *rules_->rows_min, rows_ < *rules_->rows_min);
        }
        if (rules_->rows_max) {
            judge(kRowsMax, rows_, *rules_->rows_max, rows_ > *rules_->rows_max);
        }
        for (const Quality::NullRatio& rule : rules_->null_ratios) TRY(judge_nulls(rule));
        if (!rules_->unique_columns.empty()) TRY(judge_unique());
        return std::move(checks_);
    }

  private:
    Status count() {
        nulls_.resize(manifest_->columns.size());
        for (const ManifestPart& part : manifest_->parts) {
            if (!part.is_committed) continue;
            if (part.column_digests.size() != nulls_.size()) {
                return fail(ErrorClass::Integrity,
                            fmt::format("the NULLs of {} were not counted", part.path));
            }
            rows_ += part.rows;
            for (std::size_t i = 0; i < nulls_.size(); ++i) {
                nulls_[i] += part.column_digests[i].nulls;
            }
            paths_.push_back(join_path(place_->prefix, part.path));
        }
        return {};
    }

    void judge(std::string_view rule, std::int64_t measured, std::int64_t allowed, bool is_broken) {
        checks_.push_back({std::string(rule), "", static_cast<double>(measured),
                           static_cast<double>(allowed),
                           is_broken ? RuleOutcome::Broken : RuleOutcome::Kept});
    }

    /// check_rules() has seen all names, but perhaps not of this very relation.
    Result<std::size_t> place_of(const std::string& name) const {
        const auto found =
            std::ranges::find_if(manifest_->columns, [&](const ManifestColumn& column) {
                return lower_ascii(column.name) == lower_ascii(name);
            });
        if (found != manifest_->columns.end()) {
            return static_cast<std::size_t>(found - manifest_->columns.begin());
        }
        return fail(ErrorClass::Config,
                    fmt::format("quality names the column {}, which parts do not have", name));
    }

    Status judge_nulls(const Quality::NullRatio& rule) {
        const std::size_t at = TRY(place_of(rule.column));
        const double ratio =
            rows_ == 0 ? 0 : static_cast<double>(nulls_[at]) / static_cast<double>(rows_);
        checks_.push_back({std::string(kNullRatio), manifest_->columns[at].name, ratio, rule.max,
                           ratio > rule.max ? RuleOutcome::Broken : RuleOutcome::Kept});
        return {};
    }

    Status judge_unique() {
        const std::vector<NamedType> columns = TRY(extract::part_columns(*manifest_));
        const ColumnOfParts::Parts parts{&columns, part_format(*job_->wanted), paths_};
        const Engines engines = TRY(open_engines(job_->wanted->tuning, 0, place_->spill_folder));
        for (const std::string& name : rules_->unique_columns) {
            const std::size_t at = TRY(place_of(name));
            QualityCheck check = TRY(judge_repetitions(*engines.engine, parts, at));
            checks_.push_back(std::move(check));
        }
        return {};
    }

    Result<QualityCheck> judge_repetitions(columnar::Engine& engine,
                                           const ColumnOfParts::Parts& parts, std::size_t at) {
        QualityCheck check{std::string(kUnique), parts.columns->at(at).name, 0, 0,
                           RuleOutcome::Kept};
        const std::int64_t values = rows_ - nulls_[at];
        const std::int64_t max = rules_->unique_values_max;
        if (max > 0 && values > max) {
            check.measured = static_cast<double>(values);
            check.allowed = static_cast<double>(max);
            check.outcome = RuleOutcome::Skipped;
            return check;
        }
        const std::int64_t different = TRY(count_different(engine, parts, at));
        check.measured = static_cast<double>(values - different);
        if (values != different) check.outcome = RuleOutcome::Broken;
        return check;
    }

    const JobContext* job_;
    const Quality* rules_;
    const CopyPlace* place_;
    const Manifest* manifest_;
    std::int64_t rows_ = 0;
    std::vector<std::int64_t> nulls_;  // By column.
    std::vector<std::string> paths_;
    std::vector<QualityCheck> checks_;
};

std::string count_text(double number) { return grouped(static_cast<std::int64_t>(number)); }

std::string sentence_of(const QualityCheck& check) {
    if (check.rule == kNullRatio) {
        return fmt::format("{} of the values of {} are NULL, but {} allows {}", check.measured,
                           check.column, check.rule, check.allowed);
    }
    if (check.rule == kUnique) {
        return fmt::format("{} of {} {}, but {} allows none",
                           check.measured == 1 ? "1 value" : count_text(check.measured) + " values",
                           check.column,
                           check.measured == 1 ? "is a repetition" : "are repetitions", check.rule);
    }
    return fmt::format("there are {} rows, but {} is {}", count_text(check.measured), check.rule,
                       count_text(check.allowed));
}

/// A count as a whole number, a share as it is.
json::Value number_json(double number) {
    if (number == std::floor(number)) return static_cast<std::int64_t>(number);
    return number;
}

}  // namespace

std::string_view name_of(RuleOutcome outcome) {
    switch (outcome) {
        case RuleOutcome::Kept: return "kept";
        case RuleOutcome::Broken: return "broken";
        case RuleOutcome::Skipped: return "skipped";
    }
    std::unreachable();
}

json::Value to_json(const std::vector<QualityCheck>& checks) {
    json::Value list = json::Value::array();
    for (const QualityCheck& check : checks) {
        list.push_back({{"rule", check.rule},
                        {"column", check.column},
                        {"measured", number_json(check.measured)},
                        {"allowed", number_json(check.allowed)},
                        {"outcome", name_of(check.outcome)}});
    }
    return list;
}

Status check_rules(const Quality& rules, const Relation& relation, const AddedColumns& added) {
    const auto columns = part_columns(relation, added);
    const auto check = [&](const std::string& name, std::string_view rule) -> Status {
        const bool is_known = std::ranges::any_of(columns, [&](const NamedType& column) {
            return lower_ascii(column.name) == lower_ascii(name);
        });
        if (is_known) return {};
        return in_context(no_column(relation, name).error(), fmt::format("quality.{}", rule));
    };
    for (const Quality::NullRatio& ratio : rules.null_ratios) TRY(check(ratio.column, kNullRatio));
    for (const std::string& name : rules.unique_columns) TRY(check(name, kUnique));
    return {};
}

Result<std::vector<QualityCheck>> judge_quality(const JobContext& job, const CopyPlace& place,
                                                const Manifest& manifest) {
    if (job.wanted->quality.is_empty()) return std::vector<QualityCheck>{};
    return Judgement(job, place, manifest).run();
}

CopyPlace copy_place(const Ledger& ledger, const std::string& prefix) {
    return {prefix, join_path(parent_path(ledger.path()), "spill")};
}

Result<std::vector<QualityCheck>> require_quality(const JobContext& job, Ledger& ledger,
                                                  const std::string& prefix,
                                                  const Manifest& manifest) {
    if (job.wanted->quality.is_empty()) return std::vector<QualityCheck>{};
    auto checks = TRY(judge_quality(job, copy_place(ledger, prefix), manifest));
    const Status kept = refuse_broken(checks, job.wanted->name);
    TRY(record_event(ledger, job, manifest.run_id, kept ? "quality_kept" : "quality_broken",
                     {{"rules", to_json(checks)}}));
    TRY(kept);
    return checks;
}

Status refuse_broken(const std::vector<QualityCheck>& checks, const std::string& export_name) {
    std::vector<std::string> broken;
    for (const QualityCheck& check : checks) {
        if (check.outcome == RuleOutcome::Broken) broken.push_back(sentence_of(check));
    }
    if (broken.empty()) return {};
    return fail(ErrorClass::Integrity,
                fmt::format("quality of {}: {}", export_name, fmt::join(broken, "; ")),
                "the parts of the run stay to be looked at; mend the source or change the rule, "
                "and run again");
}

std::vector<std::string> skipped_rules(const std::vector<QualityCheck>& checks,
                                       const std::string& export_name) {
    std::vector<std::string> sentences;
    for (const QualityCheck& check : checks) {
        if (check.outcome != RuleOutcome::Skipped) continue;
        sentences.push_back(fmt::format(
            "{}: {} has {} values, more than unique_max_entries {}: whether they are unique was "
            "not "
            "looked at",
            export_name, check.column, count_text(check.measured), count_text(check.allowed)));
    }
    return sentences;
}

}  // namespace trueup::extract
