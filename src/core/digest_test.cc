#include "core/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>

namespace trueup::core {
namespace {

using columnar::Batch;
using columnar::Type;
using columnar::TypeId;

struct Row {
    std::optional<std::int64_t> number;
    std::optional<std::string> text;
};

Digest digest_of(const std::vector<Row>& rows, std::size_t batch_rows = columnar::kBatchRows) {
    const std::vector<Type> types = {{TypeId::BigInt}, {TypeId::Varchar}};
    Digester digester(types);
    Batch batch(types);
    for (std::size_t start = 0; start < rows.size(); start += batch_rows) {
        batch.clear();
        const std::size_t count = std::min(batch_rows, rows.size() - start);
        for (std::size_t i = 0; i < count; ++i) {
            const Row& row = rows[start + i];
            batch.columns()[0].values<std::int64_t>()[i] = row.number.value_or(0);
            if (!row.number) batch.columns()[0].set_null(i);
            batch.columns()[1].set_bytes(i, row.text.value_or(""));
            if (!row.text) batch.columns()[1].set_null(i);
        }
        batch.set_rows(count);
        digester.add(batch);
    }
    return digester.digest();
}

// The worked example of docs/formats/digest.md, computed there by another implementation of XXH3.
TEST(Digest, WorkedExample) {
    const Digest digest = digest_of({{1, "a"}, {std::nullopt, ""}});
    EXPECT_EQ(digest.rows, 2);
    EXPECT_EQ(digest.columns[0].nulls, 1);
    EXPECT_EQ(digest.columns[1].nulls, 0);
    EXPECT_EQ(hex_of(digest.columns[0]), "2fbc593564db792e");
    EXPECT_EQ(hex_of(digest.columns[1]), "20bc8165f1a70e23");
    EXPECT_EQ(hex_of(digest.row), "b5fb90a6e3b8330ae757b3d173d72b65");
}

TEST(Digest, OrderAndBatchesDoNotMatter) {
    EXPECT_TRUE(rc::check([](const std::vector<std::pair<std::int64_t, std::string>>& values) {
        std::vector<Row> rows;
        rows.reserve(values.size());
        for (const auto& [number, text] : values) rows.push_back({number, text});
        const Digest whole = digest_of(rows);
        std::vector<Row> reversed(rows.rbegin(), rows.rend());
        RC_ASSERT(digest_of(reversed, 3).columns == whole.columns);
        RC_ASSERT(digest_of(reversed, 3).row == whole.row);
        const std::size_t half = rows.size() / 2;
        Digest sum = digest_of({rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(half)});
        sum.add(digest_of({rows.begin() + static_cast<std::ptrdiff_t>(half), rows.end()}));
        RC_ASSERT(sum == whole);
    }));
}

TEST(Digest, SeesWhatCountsCannot) {
    const Digest base = digest_of({{1, "a"}, {2, "b"}});
    EXPECT_NE(digest_of({{1, "b"}, {2, "a"}}).row, base.row) << "two rows swapped a value";
    EXPECT_EQ(digest_of({{1, "b"}, {2, "a"}}).columns, base.columns);
    EXPECT_NE(digest_of({{1, "a"}, {2, "c"}}).columns, base.columns);
    EXPECT_NE(digest_of({{1, ""}}).row, digest_of({{1, std::nullopt}}).row);
    EXPECT_NE(digest_of({{0, "a"}}).row, digest_of({{std::nullopt, "a"}}).row);
}

TEST(Digest, HexIsReadBack) {
    const Digest digest = digest_of({{1, "a"}});
    EXPECT_EQ(parse_column_digest(hex_of(digest.columns[0])), digest.columns[0].sum);
    EXPECT_EQ(parse_row_digest(hex_of(digest.row)), digest.row);
    EXPECT_EQ(parse_row_digest("00"), std::nullopt);
    EXPECT_EQ(parse_column_digest("zz00000000000000"), std::nullopt);
}

using Texts = std::vector<std::optional<std::string>>;

/// Of rows of one column VARCHAR[].
Digest digest_of_lists(const std::vector<std::optional<Texts>>& rows) {
    const std::vector<Type> types = {columnar::list_of({TypeId::Varchar})};
    Batch batch(types);
    columnar::Column& column = batch.columns()[0];
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (!rows[row]) column.set_null(row);
        if (!rows[row]) continue;
        std::size_t at = column.add_list(row, rows[row]->size());
        for (const auto& text : *rows[row]) {
            if (!text) column.elements().set_null(at);
            column.elements().set_bytes(at++, text.value_or(""));
        }
    }
    batch.set_rows(rows.size());
    Digester digester(types);
    digester.add(batch);
    return digester.digest();
}

// The worked example of docs/formats/digest.md.
TEST(Digest, WorkedExampleOfLists) {
    const Digest digest = digest_of_lists({Texts{"a", std::nullopt, ""}, Texts{}, std::nullopt});
    EXPECT_EQ(digest.columns[0].nulls, 1);
    EXPECT_EQ(hex_of(digest.columns[0]), "b30bea9f27eb9f94");
    EXPECT_EQ(hex_of(digest.row), "fe0065563ad2960f169cfb403cf2b77e");
}

TEST(Digest, ListsThatDifferAreToldApart) {
    const std::vector<std::optional<Texts>> lists = {std::nullopt,
                                                     Texts{},
                                                     Texts{std::nullopt},
                                                     Texts{""},
                                                     Texts{"", ""},
                                                     Texts{"", std::nullopt},
                                                     Texts{std::nullopt, ""},
                                                     Texts{"ab", "c"},
                                                     Texts{"a", "bc"},
                                                     Texts{"abc"},
                                                     Texts{"c", "ab"},
                                                     Texts{std::string(8, '\xff')}};
    for (std::size_t i = 0; i < lists.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_NE(digest_of_lists({lists[i]}).row, digest_of_lists({lists[j]}).row)
                << i << " and " << j;
        }
    }
}

TEST(Digest, WhereElementsStandDoesNotMatter) {
    const Texts list = {"x", std::nullopt};
    const Digest one = digest_of_lists({list});
    Digest twice = one;
    twice.add(one);
    EXPECT_EQ(digest_of_lists({list, list}), twice);
}

/// The hashes of two rows, (1, "a") and (NULL, ""), over those columns.
std::vector<std::int64_t> row_hashes(std::vector<std::size_t> columns) {
    const std::vector<Type> types = {{TypeId::BigInt}, {TypeId::Varchar}};
    Batch batch(types);
    batch.columns()[0].values<std::int64_t>()[0] = 1;
    batch.columns()[0].set_null(1);
    batch.columns()[1].set_bytes(0, "a");
    batch.columns()[1].set_bytes(1, "");
    batch.set_rows(2);
    std::vector<std::int64_t> hashes(2);
    RowHasher(std::move(columns)).hash(batch, hashes.data());
    return hashes;
}

// Over all columns it is the hash by which a row enters the row digest.
TEST(RowHasher, IsTheLowerHalfOfTheHashOfTheRow) {
    const auto hashes = row_hashes({0, 1});
    EXPECT_EQ(static_cast<std::uint64_t>(hashes[0]), digest_of({{1, "a"}}).row.low);
    EXPECT_EQ(static_cast<std::uint64_t>(hashes[1]), digest_of({{std::nullopt, ""}}).row.low);
}

// The worked examples of docs/formats/meta-columns.md, computed there by tests/oracle/digest.py.
TEST(RowHasher, WorkedExamples) {
    EXPECT_EQ(row_hashes({0, 1}),
              (std::vector<std::int64_t>{1842764718960174004, -3619518534761527375}));
    EXPECT_EQ(row_hashes({1}),
              (std::vector<std::int64_t>{1675254593371875857, 3666070866642298158}));
}

TEST(RowHasher, SeesItsColumnsInTheirOrderAndNoOthers) {
    EXPECT_NE(row_hashes({0, 1}), row_hashes({1, 0}));
    EXPECT_NE(row_hashes({0, 1})[0], row_hashes({0})[0]);
    EXPECT_NE(row_hashes({1})[0], row_hashes({1})[1]);
}

/// One value of one type, digested.
template <class T>
Digest one(Type type, T value) {
    const std::vector<Type> types = {type};
    Batch batch(types);
    batch.columns()[0].values<T>()[0] = value;
    batch.set_rows(1);
    Digester digester(types);
    digester.add(batch);
    return digester.digest();
}

TEST(Digest, TheWidthOfATypeDoesNotMatter) {
    EXPECT_EQ(one<std::int16_t>({TypeId::SmallInt}, -7), one<std::int64_t>({TypeId::BigInt}, -7));
    EXPECT_EQ(one<std::int16_t>({TypeId::Decimal, 4, 2}, -7),
              one<std::int64_t>({TypeId::Decimal, 18, 2}, -7));
    EXPECT_EQ(one<float>({TypeId::Float}, 0.5F), one<double>({TypeId::Double}, 0.5));
}

TEST(Digest, ZeroHasASignAndNansAreOne) {
    const Type type{TypeId::Double};
    EXPECT_NE(one(type, 0.0), one(type, -0.0));
    EXPECT_EQ(one(type, std::numeric_limits<double>::quiet_NaN()),
              one(type, -std::numeric_limits<double>::signaling_NaN()));
}

}  // namespace
}  // namespace trueup::core
