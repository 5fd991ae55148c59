#include "extract/run/meta_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "core/digest.h"
#include "extract/source/relation.h"

namespace trueup::extract {
namespace {

using columnar::Batch;
using columnar::TypeId;

/// Reads through another reader, and fills the columns behind its own.
class AddingReader final : public ChunkReader {
  public:
    AddingReader(std::unique_ptr<ChunkReader> inner, const Relation& relation,
                 const AddedColumns& added)
        : inner_(std::move(inner)),
          narrow_(columnar::types_of(extract::part_columns(relation))),
          exported_at_(added.exported_at),
          has_exported_at_(added.has_exported_at) {
        if (added.has_row_hash) hasher_.emplace(added.hashed);
    }

    Result<bool> is_at_end() override { return inner_->is_at_end(); }
    std::optional<Key> stopped_at() const override { return inner_->stopped_at(); }
    std::int64_t values_nulled() const override { return inner_->values_nulled(); }

    Status next(Batch& batch) override {
        narrow_.clear();
        exchange(batch);
        const Status status = inner_->next(narrow_);
        exchange(batch);
        TRY(status);
        batch.set_rows(narrow_.rows());
        add_to(batch);
        return {};
    }

  private:
    /// The inner reader fills the caller's columns, and sees no others.
    void exchange(Batch& batch) {
        for (std::size_t i = 0; i < narrow_.columns().size(); ++i) {
            std::swap(narrow_.columns()[i], batch.columns()[i]);
        }
    }

    void add_to(Batch& batch) {
        std::size_t place = narrow_.columns().size();
        if (has_exported_at_) {
            std::fill_n(batch.columns()[place++].values<UnixMicros>(), batch.rows(), exported_at_);
        }
        if (hasher_) hasher_->hash(batch, batch.columns()[place].values<std::int64_t>());
    }

    std::unique_ptr<ChunkReader> inner_;
    Batch narrow_;
    UnixMicros exported_at_;
    bool has_exported_at_;
    std::optional<core::RowHasher> hasher_;
};

/// The places of the columns that the configuration names; without names, of all.
Result<std::vector<std::size_t>> hashed_places(const MetaColumns& wanted,
                                               const Relation& relation) {
    std::vector<std::size_t> places;
    for (const std::string& name : wanted.hashed) {
        const SourceColumn* column = find_column(relation, name);
        if (column == nullptr) {
            return in_context(no_column(relation, name).error(), "meta_columns.row_hash");
        }
        const auto place = static_cast<std::size_t>(column - relation.columns.data());
        if (std::ranges::find(places, place) != places.end()) {
            return fail(ErrorClass::Config, fmt::format("meta_columns.row_hash names the column {} "
                                                        "of {} twice",
                                                        column->name, relation.name));
        }
        places.push_back(place);
    }
    if (!places.empty()) return places;
    places.resize(relation.columns.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    return places;
}

}  // namespace

Result<AddedColumns> added_columns(const Export& wanted, const Relation& relation) {
    const MetaColumns& meta = wanted.meta_columns;
    AddedColumns added{.has_exported_at = meta.has_exported_at, .has_row_hash = meta.has_row_hash};
    if (meta.has_row_hash) added.hashed = TRY(hashed_places(meta, relation));
    for (const SourceColumn& column : described(added)) {
        const SourceColumn* own = find_column(relation, column.name);
        if (own == nullptr) continue;
        return fail(
            ErrorClass::Config,
            fmt::format("{} has a column {} of its own, and meta_columns adds one of that "
                        "name",
                        relation.name, own->name),
            "leave it out of meta_columns, or name the source's column otherwise in a query");
    }
    return added;
}

std::vector<SourceColumn> described(const AddedColumns& added) {
    const auto column = [](std::string_view name, TypeId type, std::string note) {
        return SourceColumn{.name = std::string(name),
                            .source_type = "computed",
                            .type = {type},
                            .is_nullable = false,
                            .note = std::move(note)};
    };
    std::vector<SourceColumn> columns;
    if (added.has_exported_at) {
        columns.push_back(column(kExportedAtColumn, TypeId::TimestampTz, "the time the run began"));
    }
    if (added.has_row_hash) {
        columns.push_back(
            column(kRowHashColumn, TypeId::BigInt,
                   fmt::format("{} over {} column{}", kRowHashRender, added.hashed.size(),
                               added.hashed.size() == 1 ? "" : "s")));
    }
    return columns;
}

std::vector<columnar::NamedType> part_columns(const Relation& relation, const AddedColumns& added) {
    std::vector<columnar::NamedType> columns = part_columns(relation);
    for (const SourceColumn& column : described(added)) {
        columns.push_back({column.name, column.type});
    }
    return columns;
}

Result<std::unique_ptr<ChunkReader>> read_rows(SourceSession& source, const ReadRequest& request,
                                               const AddedColumns& added) {
    auto reader = TRY(source.read(request));
    if (added.is_empty()) return reader;
    return std::make_unique<AddingReader>(std::move(reader), *request.relation, added);
}

}  // namespace trueup::extract
