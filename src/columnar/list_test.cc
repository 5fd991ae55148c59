// Lists through a part and back: what is written is what is read, NULLs and empty lists included.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "columnar/part.h"

namespace trueup::columnar {
namespace {

/// Elements as numbers, which each type makes a value of.
using List = std::optional<std::vector<std::optional<std::int64_t>>>;

constexpr Type kElements[] = {
    {TypeId::Boolean},     {TypeId::TinyInt},       {TypeId::Integer},        {TypeId::UBigInt},
    {TypeId::Double},      {TypeId::Decimal, 4, 2}, {TypeId::Decimal, 38, 3}, {TypeId::Varchar},
    {TypeId::Json},        {TypeId::Blob},          {TypeId::Uuid},           {TypeId::Date},
    {TypeId::TimestampNs}, {TypeId::TimestampTz}};

std::string text_of(std::int64_t number) {
    // Some are short enough to stand inside their reference.
    return std::to_string(number) + std::string(static_cast<std::size_t>(number % 3) * 20, ' ');
}

void put(Column& column, std::size_t row, std::int64_t number) {
    const auto at = [&]<class T>(T value) { column.values<T>()[row] = value; };
    switch (value_bytes(column.type())) {
        case 1: return at(static_cast<std::uint8_t>(number % 2));
        case 2: return at(static_cast<std::int16_t>(number % 10'000));
        case 4: return at(static_cast<std::int32_t>(number));
        case 8:
            return column.type().id == TypeId::Double ? at(static_cast<double>(number) / 7)
                                                      : at(number);
        default:
            return is_bytes(column.type()) ? column.set_bytes(row, text_of(number))
                                           : at(Int128{number} * number);
    }
}

bool holds(const Column& column, std::size_t row, std::int64_t number) {
    Column wanted(column.type());
    put(wanted, 0, number);
    if (is_bytes(column.type())) {
        return column.values<BytesRef>()[row].view() == wanted.values<BytesRef>()[0].view();
    }
    const std::size_t size = value_bytes(column.type());
    const auto* bytes = column.values<std::byte>();
    return std::memcmp(bytes + row * size, wanted.values<std::byte>(), size) == 0;
}

void put_list(Column& column, std::size_t row, const List& list) {
    if (!list) {
        column.values<ListEntry>()[row] = {};
        return column.set_null(row);
    }
    const std::size_t first = column.add_list(row, list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto& number = (*list)[i];
        put(column.elements(), first + i, number.value_or(0));
        if (!number) column.elements().set_null(first + i);
    }
}

bool holds_list(const Column& column, std::size_t row, const List& list) {
    if (column.is_null(row)) return !list;
    const ListEntry entry = column.values<ListEntry>()[row];
    if (!list || entry.length != list->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto& number = (*list)[i];
        const bool is_null = column.elements().is_null(entry.offset + i);
        if (is_null != !number) return false;
        if (number && !holds(column.elements(), entry.offset + i, *number)) return false;
    }
    return true;
}

/// One column of lists, in batches of a few rows.
class Lists final : public BatchSource {
  public:
    Lists(const std::vector<List>& lists, std::size_t batch_rows)
        : lists_(&lists), batch_rows_(batch_rows) {}
    Status next(Batch& batch) override {
        std::size_t row = 0;
        for (; row < batch_rows_ && next_ < lists_->size(); ++row, ++next_) {
            put_list(batch.columns()[0], row, (*lists_)[next_]);
        }
        batch.set_rows(row);
        return {};
    }

  private:
    const std::vector<List>* lists_;
    std::size_t batch_rows_;
    std::size_t next_ = 0;
};

class ListPart {
  public:
    ListPart() : engine_(Engine::open({}).value()), session_(engine_->connect().value()) {}
    Session& session() { return *session_; }
    std::string path() const { return folder_.path("part.parquet"); }

    void write(const std::vector<List>& lists, std::size_t batch_rows, Type element,
               const PartFormat& format = {}) {
        columns_ = {{"list", list_of(element)}};
        Lists source(lists, batch_rows);
        write_part(*session_, source, columns_, format, {path(), {}}).value();
    }
    /// The number of the first row that is not that of `lists`.
    std::optional<std::size_t> difference(const std::vector<List>& lists) {
        const auto stream = read_part(*session_, columns_, PartFormat{}, path()).value();
        Batch batch(types_of(columns_));
        std::size_t next = 0;
        while (stream->next(batch).has_value() && batch.rows() != 0) {
            const Column& column = batch.columns()[0];
            for (std::size_t row = 0; row < batch.rows(); ++row, ++next) {
                if (next >= lists.size() || !holds_list(column, row, lists[next])) return next;
            }
            batch.clear();
        }
        return next == lists.size() ? std::nullopt : std::optional(next);
    }

  private:
    TemporaryFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Session> session_;
    std::vector<NamedType> columns_;
};

List any_list(std::size_t size_max) {
    if (*rc::gen::inRange(0, 5) == 0) return std::nullopt;
    const auto size = *rc::gen::inRange<std::size_t>(0, size_max);
    std::vector<std::optional<std::int64_t>> list(size);
    const auto step = *rc::gen::inRange<std::int64_t>(1, 100'000);
    const auto null_every = *rc::gen::inRange<std::size_t>(2, 9);
    for (std::size_t i = 0; i < size; ++i) {
        if (i % null_every != 1) list[i] = static_cast<std::int64_t>(i) * step % 1'000'000;
    }
    return list;
}

RC_GTEST_PROP(ListParts, AnyListsComeBackAsTheyWere, ()) {
    std::vector<List> lists(*rc::gen::inRange<std::size_t>(1, 60));
    for (std::size_t i = 0; i < lists.size(); ++i) lists[i] = any_list(i % 10 == 3 ? 5000 : 6);
    const auto batch_rows = *rc::gen::inRange<std::size_t>(1, 64);
    const Type element = kElements[*rc::gen::inRange<std::size_t>(0, std::size(kElements))];
    ListPart part;
    part.write(lists, batch_rows, element);
    RC_ASSERT(part.difference(lists) == std::nullopt);
}

TEST(ListParts, ALongListIsFollowedByShortOnes) {
    std::vector<List> lists(3000, List({1, std::nullopt, 3}));
    lists[5] = std::vector<std::optional<std::int64_t>>(100'000, 7);
    lists[5]->at(99'999) = std::nullopt;
    lists[6] = std::nullopt;
    lists[7] = List({});
    ListPart part;
    part.write(lists, kBatchRows, {TypeId::BigInt});
    EXPECT_EQ(part.difference(lists), std::nullopt);
}

// What a list of equal texts becomes in the file, and in the reader's vectors, is a dictionary.
TEST(ListParts, RepeatedTextsComeBack) {
    const std::vector<List> lists(9000, List({2, 2, std::nullopt, 5}));
    ListPart part;
    part.write(lists, kBatchRows, {TypeId::Varchar});
    EXPECT_EQ(part.difference(lists), std::nullopt);
}

TEST(ListParts, TheBytesOfListsEndARowGroup) {
    const std::vector<List> lists(
        8192, List(std::vector<std::optional<std::int64_t>>(500, 1'000'000'007)));
    ListPart part;
    part.write(lists, kBatchRows, {TypeId::BigInt},
               {.row_group_rows = 100'000, .row_group_bytes = std::uint64_t{4} << 20});
    const std::string groups = "SELECT count(DISTINCT row_group_id) FROM parquet_metadata(" +
                               quote_text(part.path()) + ")";
    EXPECT_EQ(part.session().number(groups).value(), 4);
}

TEST(ListColumn, AnOldNullIsNotSeenByTheNextList) {
    Column column(list_of({TypeId::Integer}));
    column.add_list(0, 3);
    for (const std::size_t at : {0U, 1U, 2U}) column.elements().set_null(at);
    column.drop_list(0);
    EXPECT_EQ(column.elements_size(), 0U);
    EXPECT_EQ(column.add_list(0, 2), 0U);
    EXPECT_FALSE(column.elements().is_null(0));
    EXPECT_FALSE(column.elements().is_null(1));
}

TEST(ListColumn, GrowingKeepsWhatWasThere) {
    Column column(list_of({TypeId::Varchar}));
    column.add_list(0, 2);
    column.elements().set_null(0);
    column.elements().set_bytes(1, "a text of more than twelve bytes");
    column.add_list(1, 100'000);
    EXPECT_TRUE(column.elements().is_null(0));
    EXPECT_EQ(column.elements().values<BytesRef>()[1].view(), "a text of more than twelve bytes");
    EXPECT_FALSE(column.elements().is_null(100'001));
    column.clear();
    EXPECT_EQ(column.elements_size(), 0U);
    EXPECT_EQ(column.add_list(0, 1), 0U);
    EXPECT_FALSE(column.elements().is_null(0));
}

}  // namespace
}  // namespace trueup::columnar
