#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// A source in memory for the tests of the planner: rows are keys, compared by a rule of its own.
/// Asked for a key, it answers with the only one it has.
class FakeSession final : public SourceSession {
  public:
    /// Like SQLite: numbers before texts before blobs, numbers by value.
    enum class Order : std::uint8_t { Binary, NoCase };

    FakeSession(std::vector<Key> rows, ChunkKey key, Order order = Order::Binary)
        : key_(std::move(key)), order_(order) {
        for (Key& row : rows) (has_null(row) ? nulls_ : rows_).push_back(std::move(row));
        std::ranges::stable_sort(
            rows_, [this](const Key& left, const Key& right) { return compare(left, right) < 0; });
    }

    /// What its statistics say, true or not.
    void know(std::vector<Quantile> quantiles) { quantiles_ = std::move(quantiles); }

    const std::vector<Key>& rows() const { return rows_; }
    std::size_t null_rows() const { return nulls_.size(); }
    std::int64_t keys_walked() const { return keys_walked_; }
    std::int64_t probes() const { return probes_; }

    int compare(const Key& left, const Key& right) const {
        for (std::size_t at = 0; at < std::min(left.size(), right.size()); ++at) {
            const int result = compare_values(left[at], right[at]);
            if (result != 0) return result;
        }
        return 0;
    }
    bool contains(const Bounds& bounds, const Key& row) const {
        if (bounds.is_null_keys || has_null(row)) return bounds.is_null_keys && has_null(row);
        return (!bounds.lower || compare(*bounds.lower, row) <= 0) &&
               (!bounds.upper || compare(row, *bounds.upper) < 0);
    }
    static bool has_null(const Key& row) {
        return std::ranges::any_of(row, [](const KeyValue& value) { return value.index() == 0; });
    }

    Result<std::vector<TableListing>> list_tables() override { return unasked(); }
    Result<Relation> describe(const Export& /*wanted*/) override { return unasked(); }
    Result<ChunkKey> key_of(const Relation& relation,
                            const std::vector<std::string>& columns) override {
        if (columns == key_.columns) return key_;
        return fail(ErrorClass::Config, relation.name + ": no such column " + columns.front());
    }
    Result<bool> has_null_keys(const Relation& /*relation*/, const ChunkKey& /*key*/) override {
        return !nulls_.empty();
    }
    Result<std::optional<Key>> first_key(const Relation& /*relation*/, const ChunkKey& /*key*/,
                                         const std::optional<Key>& from) override {
        ++probes_;
        const auto at = from ? place_of(*from) : rows_.begin();
        return at == rows_.end() ? std::optional<Key>() : std::optional<Key>(*at);
    }
    Result<std::optional<Key>> last_key(const Relation& /*relation*/,
                                        const ChunkKey& /*key*/) override {
        return rows_.empty() ? std::optional<Key>() : std::optional<Key>(rows_.back());
    }
    Result<std::vector<Key>> walk_keys(const Relation& /*relation*/, const ChunkKey& /*key*/,
                                       const Walk& walk) override {
        std::vector<Key> found;
        auto at = walk.from ? place_of(*walk.from) : rows_.begin();
        while (std::ssize(found) < walk.keys_max && rows_.end() - at > walk.every) {
            at += walk.every;
            keys_walked_ += walk.every;
            found.push_back(*at);
        }
        return found;
    }
    Result<bool> sorts_before(const Relation& /*relation*/, const ChunkKey& /*key*/,
                              const Key& left, const Key& right) override {
        return compare(left, right) < 0;
    }
    Result<std::vector<Quantile>> quantiles(const Relation& /*relation*/,
                                            const ChunkKey& /*key*/) override {
        return quantiles_;
    }
    /// The planner must never count.
    Result<std::int64_t> count(const Relation& /*relation*/, const ChunkKey* /*key*/,
                               const Bounds& /*bounds*/) override {
        return unasked();
    }
    Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& /*request*/) override {
        return unasked();
    }
    Result<Observations> examine(const Relation& /*relation*/) override { return unasked(); }

  private:
    static std::unexpected<Error> unasked() { return fail(ErrorClass::Bug, "not for planners"); }

    std::vector<Key>::const_iterator place_of(const Key& from) const {
        return std::ranges::lower_bound(rows_, from, [this](const Key& left, const Key& right) {
            return compare(left, right) < 0;
        });
    }
    static int three_way(const auto& left, const auto& right) {
        if (left < right) return -1;
        return right < left ? 1 : 0;
    }
    int compare_values(const KeyValue& left, const KeyValue& right) const {
        const auto left_number = number(left);
        const auto right_number = number(right);
        if (left_number && right_number) return three_way(*left_number, *right_number);
        const auto* const text = std::get_if<std::string>(&left);
        const auto* const other = std::get_if<std::string>(&right);
        if (text != nullptr && other != nullptr) {
            if (order_ == Order::NoCase) return three_way(lower_ascii(*text), lower_ascii(*other));
            return three_way(*text, *other);
        }
        return three_way(left, right);
    }
    /// A long double holds every integer and every double.
    static std::optional<long double> number(const KeyValue& value) {
        if (const auto* const integer = std::get_if<std::int64_t>(&value)) return *integer;
        if (const auto* const real = std::get_if<double>(&value)) return *real;
        return std::nullopt;
    }

    std::vector<Key> rows_;
    std::vector<Key> nulls_;
    std::vector<Quantile> quantiles_;
    ChunkKey key_;
    Order order_;
    std::int64_t keys_walked_ = 0;
    std::int64_t probes_ = 0;
};

}  // namespace trueup::extract
