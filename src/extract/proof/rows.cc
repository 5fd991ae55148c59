#include "extract/proof/rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "json/json.h"

namespace trueup::extract {
namespace {

using columnar::quote_name;
using columnar::TextRow;

/// Differences fetched at once.
constexpr std::int64_t kPageRows = 1000;

class RowCompare {
  public:
    RowCompare(const RowComparison& comparison, const RowSink& sink)
        : comparison_(&comparison),
          sink_(&sink),
          columns_(extract::part_columns(*comparison.request.relation)) {}

    Result<RowDifferences> run() {
        session_ = TRY(comparison_->engine->connect());
        TRY(load_source());
        TRY(load_parts());
        TRY(find_differences());
        TRY(tell_differences());
        return std::move(found_);
    }

  private:
    Status load_source() {
        const auto reader = TRY(comparison_->source->read(comparison_->request));
        return session_->copy_from(*reader, columns_,
                                   "CREATE TEMP TABLE source_rows AS SELECT * FROM {source}");
    }

    Status load_parts() {
        TRY(session_->execute("CREATE TEMP TABLE copy_rows AS SELECT * FROM source_rows LIMIT 0"));
        for (const std::string& path : comparison_->parts) {
            const auto reading = TRY(comparison_->engine->connect());
            const auto part =
                columnar::read_part(*reading, comparison_->part_columns, comparison_->format, path);
            if (!part) continue;
            const Status loaded = session_->copy_from(
                **part, comparison_->part_columns,
                fmt::format("INSERT INTO copy_rows SELECT {} FROM {{source}}", data_columns()));
            // A damaged file: its rows count as missing. What stands before the damage is gone
            // with the statement.
            discard(loaded, "the chunk was found to differ for the same reason");
        }
        return {};
    }

    /// What was read, without what was computed from it.
    std::string data_columns() const {
        std::vector<std::string> names;
        names.reserve(columns_.size());
        for (const columnar::NamedType& column : columns_) names.push_back(quote_name(column.name));
        return fmt::format("{}", fmt::join(names, ", "));
    }

    /// First as multisets, so that a row that is there twice is found; what is left is paired by
    /// the key.
    Status find_differences() {
        TRY(
            session_->execute("CREATE TEMP TABLE source_only AS SELECT * FROM source_rows EXCEPT "
                              "ALL SELECT * FROM copy_rows"));
        TRY(
            session_->execute("CREATE TEMP TABLE copy_only AS SELECT * FROM copy_rows EXCEPT ALL "
                              "SELECT * FROM source_rows"));
        const auto& key = comparison_->key;
        std::string on = "false";
        std::string order = "1";
        if (!key.empty()) {
            std::vector<std::string> equal;
            std::vector<std::string> orders;
            for (const std::string& column : key) {
                const std::string name = quote_name(column);
                equal.push_back(fmt::format("s.{0} IS NOT DISTINCT FROM c.{0}", name));
                orders.push_back(fmt::format("coalesce(s.{0}, c.{0})", name));
            }
            on = fmt::format("{}", fmt::join(equal, " AND "));
            order = fmt::format("{}", fmt::join(orders, ", "));
        }
        std::vector<std::string> items;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string name = quote_name(columns_[i].name);
            items.push_back(
                fmt::format("CAST(s.{0} AS VARCHAR) AS s{1}, CAST(c.{0} AS VARCHAR) AS "
                            "c{1}, s.{0} IS DISTINCT FROM c.{0} AS d{1}",
                            name, i));
        }
        return session_->execute(fmt::format(
            "CREATE TEMP TABLE differences AS SELECT row_number() OVER (ORDER BY {}) AS n, s.here "
            "AS in_source, c.here AS in_copy, {} FROM (SELECT *, true AS here FROM source_only) AS "
            "s FULL OUTER JOIN (SELECT *, true AS here FROM copy_only) AS c ON {}",
            order, fmt::join(items, ", "), on));
    }

    Status tell_differences() {
        for (std::int64_t page = 0;; ++page) {
            const auto rows = TRY(session_->texts(
                fmt::format("SELECT * EXCLUDE (n) FROM differences WHERE n > {} AND n <= {} ORDER "
                            "BY n",
                            page * kPageRows, (page + 1) * kPageRows)));
            if (rows.empty()) return {};
            for (const TextRow& row : rows) TRY(tell(row));
        }
    }

    Status tell(const TextRow& row) {
        const bool in_source = row.at(0).has_value();
        const bool in_copy = row.at(1).has_value();
        json::Value line = json::Value::object();
        line["chunk"] = comparison_->chunk_id;
        if (in_source && in_copy) {
            ++found_.changed;
            line["row"] = "changed";
        } else {
            ++(in_source ? found_.missing : found_.extra);
            line["row"] = in_source ? "missing" : "extra";
        }
        add_values(row, line);
        const std::string text = json::write(line);
        if (found_.first.size() < kFirstRows) found_.first.push_back(text);
        return *sink_ ? (*sink_)(text) : Status{};
    }

    void add_values(const TextRow& row, json::Value& line) const {
        const bool in_source = row.at(0).has_value();
        const bool in_copy = row.at(1).has_value();
        json::Value key = json::Value::object();
        json::Value changed = json::Value::array();
        json::Value source = json::Value::object();
        json::Value copy = json::Value::object();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& name = columns_[i].name;
            const auto& of_source = row.at(2 + 3 * i);
            const auto& of_copy = row.at(3 + 3 * i);
            const bool differs = row.at(4 + 3 * i) == "true";
            const bool is_key = std::ranges::find(comparison_->key, name) != comparison_->key.end();
            if (is_key) key[name] = value_of(in_source ? of_source : of_copy);
            if (in_source && in_copy && !differs) continue;
            if (in_source && in_copy) changed.push_back(name);
            if (in_source) source[name] = value_of(of_source);
            if (in_copy) copy[name] = value_of(of_copy);
        }
        if (!key.empty()) line["key"] = std::move(key);
        if (!changed.empty()) line["columns"] = std::move(changed);
        if (in_source) line["source"] = std::move(source);
        if (in_copy) line["copy"] = std::move(copy);
    }

    static json::Value value_of(const std::optional<std::string>& text) {
        return text ? json::Value(*text) : json::Value(nullptr);
    }

    const RowComparison* comparison_;
    const RowSink* sink_;
    std::vector<columnar::NamedType> columns_;
    std::unique_ptr<columnar::Session> session_;
    RowDifferences found_;
};

}  // namespace

Result<RowDifferences> compare_rows(const RowComparison& comparison, const RowSink& sink) {
    return RowCompare(comparison, sink).run();
}

}  // namespace trueup::extract
