// gen_sqlite --shape SHAPE [--rows N | --orders N] [--seed N] DATABASE: a SQLite database whose
// content depends on the arguments alone. An existing file is replaced.
//
//   mixed12  table t, 12 columns of mixed types              (--rows, default 5,000,000)
//   narrow   table t (id, number, ratio)                     (--rows, default 50,000,000)
//   shop     orders, customers, order_items, for the demo    (--orders, default 1,000,000)

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

/// splitmix64: one multiply-and-shift round per number, good enough to look like data.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }
    /// Uniform enough in [0, limit).
    std::int64_t below(std::int64_t limit) {
        return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
    }
    bool one_in(std::int64_t chances) { return below(chances) == 0; }
    template <class Choices>
    const auto& pick(const Choices& choices) {
        return choices[static_cast<std::size_t>(below(std::ssize(choices)))];
    }

  private:
    std::uint64_t state_;
};

struct CloseDatabase {
    void operator()(sqlite3* database) const noexcept {
        static_cast<void>(sqlite3_close(database));
    }
};
struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept {
        static_cast<void>(sqlite3_finalize(statement));
    }
};

/// The file being filled: no journal, no syncs, one transaction from open to finish. What a failure
/// leaves behind is worthless, and is made again.
class Database {
  public:
    explicit Database(const std::string& path) {
        std::filesystem::remove(path);
        sqlite3* raw = nullptr;
        const int opened = sqlite3_open(path.c_str(), &raw);
        handle_.reset(raw);
        if (opened != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(raw));
        execute("PRAGMA page_size = 4096");
        execute("PRAGMA journal_mode = OFF");
        execute("PRAGMA synchronous = OFF");
        execute("PRAGMA locking_mode = EXCLUSIVE");
        execute("PRAGMA cache_size = -65536");
        execute("BEGIN");
    }
    void execute(const char* sql) {
        if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) complain();
    }
    void finish() { execute("COMMIT"); }
    [[noreturn]] void complain() const { throw std::runtime_error(sqlite3_errmsg(handle_.get())); }
    sqlite3* handle() const { return handle_.get(); }

  private:
    std::unique_ptr<sqlite3, CloseDatabase> handle_;
};

/// One INSERT, bound from left to right. Texts must live until insert().
class Row {
  public:
    Row(const Database& database, const char* sql) : database_(&database) {
        sqlite3_stmt* raw = nullptr;
        if (sqlite3_prepare_v2(database.handle(), sql, -1, &raw, nullptr) != SQLITE_OK) {
            database.complain();
        }
        statement_.reset(raw);
    }
    Row& integer(std::int64_t value) {
        return bound(sqlite3_bind_int64(statement_.get(), ++column_, value));
    }
    Row& real(double value) {
        return bound(sqlite3_bind_double(statement_.get(), ++column_, value));
    }
    Row& text(std::string_view value) {
        return bound(sqlite3_bind_text(statement_.get(), ++column_, value.data(),
                                       static_cast<int>(value.size()), SQLITE_STATIC));
    }
    Row& blob(std::string_view value) {
        return bound(sqlite3_bind_blob(statement_.get(), ++column_, value.data(),
                                       static_cast<int>(value.size()), SQLITE_STATIC));
    }
    Row& null() { return bound(sqlite3_bind_null(statement_.get(), ++column_)); }
    void insert() {
        if (sqlite3_step(statement_.get()) != SQLITE_DONE) database_->complain();
        if (sqlite3_reset(statement_.get()) != SQLITE_OK) database_->complain();
        column_ = 0;
    }

  private:
    Row& bound(int code) {
        if (code != SQLITE_OK) database_->complain();
        return *this;
    }
    const Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int column_ = 0;
};

void two_digits(char* at, int value) {
    at[0] = static_cast<char>('0' + value / 10);
    at[1] = static_cast<char>('0' + value % 10);
}

/// "2020-03-01 13:45:07" for seconds after 2015-01-01, "2020-03-01" when `with_time` is false.
/// Months have 28 days: every text is a real date, and no calendar is needed.
std::string_view moment(std::array<char, 19>& into, std::int64_t seconds, bool with_time) {
    const std::int64_t day = seconds / 86400;
    const int rest = static_cast<int>(seconds % 86400);
    const int year = static_cast<int>(2015 + day / 336);
    std::memcpy(into.data(), "0000-00-00 00:00:00", into.size());
    two_digits(&into[0], year / 100);
    two_digits(&into[2], year % 100);
    two_digits(&into[5], static_cast<int>(1 + day % 336 / 28));
    two_digits(&into[8], static_cast<int>(1 + day % 28));
    two_digits(&into[11], rest / 3600);
    two_digits(&into[14], rest / 60 % 60);
    two_digits(&into[17], rest % 60);
    return {into.data(), with_time ? 19U : 10U};
}

constexpr std::int64_t kSecondsRange = std::int64_t{86400} * 336 * 10;

constexpr std::array<std::string_view, 8> kStatuses = {
    "new", "paid", "packed", "shipped", "delivered", "returned", "refunded", "cancelled"};

constexpr std::array<std::string_view, 24> kWords = {
    "amber",  "birch",   "cedar",  "delta",   "ember",  "fjord",  "grove",   "harbour",
    "island", "juniper", "kettle", "lantern", "meadow", "north",  "orchard", "pebble",
    "quarry", "river",   "saddle", "timber",  "umber",  "valley", "willow",  "yarrow"};

/// `count` words with spaces between; `into` keeps its memory.
std::string_view words(Random& random, std::int64_t count, std::string& into) {
    into.clear();
    for (std::int64_t word = 0; word < count; ++word) {
        if (word > 0) into += ' ';
        into += random.pick(kWords);
    }
    return into;
}

/// `size` random bytes, at most 24.
std::string_view bytes(Random& random, std::int64_t size, std::array<char, 24>& into) {
    for (std::size_t at = 0; at < into.size(); at += 8) {
        const auto eight = random.next();
        std::memcpy(&into[at], &eight, sizeof eight);
    }
    return {into.data(), static_cast<std::size_t>(size)};
}

void fill_mixed12(Database& database, std::int64_t rows, Random& random) {
    database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, quantity INT NOT NULL, account BIGINT NOT NULL,"
        " ratio REAL, price DECIMAL(12,2) NOT NULL, born_on DATE, seen_at TIMESTAMP NOT NULL,"
        " status VARCHAR(12) NOT NULL, label TEXT, remark TEXT, active BOOLEAN NOT NULL,"
        " token BLOB)");
    Row row(database, "INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
    std::array<char, 19> date{};
    std::array<char, 19> time{};
    std::array<char, 24> token{};
    std::string label;
    std::string remark;
    for (std::int64_t id = 1; id <= rows; ++id) {
        row.integer(id).integer(random.below(1000));
        row.integer(1'000'000'000'000 + random.below(9'000'000'000'000));
        row.real(static_cast<double>(random.below(1'000'000'000)) / 7.0);
        row.real(static_cast<double>(random.below(100'000'000)) / 100.0);
        row.text(moment(date, random.below(kSecondsRange), false));
        row.text(moment(time, random.below(kSecondsRange), true));
        row.text(random.pick(kStatuses));
        if (random.one_in(8)) {
            row.null();
        } else {
            row.text(words(random, 2, label));
        }
        row.text(words(random, 8 + random.below(8), remark));
        row.integer(random.below(2));
        row.blob(bytes(random, 8 + random.below(17), token));
        row.insert();
    }
}

void fill_narrow(Database& database, std::int64_t rows, Random& random) {
    database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, number INT NOT NULL, ratio REAL NOT NULL)");
    Row row(database, "INSERT INTO t VALUES (?,?,?)");
    for (std::int64_t id = 1; id <= rows; ++id) {
        row.integer(id).integer(random.below(2'000'000'000));
        row.real(static_cast<double>(random.below(1'000'000'000)) / 7.0).insert();
    }
}

constexpr std::array<std::string_view, 8> kNames = {
    "Anna Lindqvist", "José Álvarez", "ZOË van Dijk", "李 小龙",
    "Ольга Петрова",  "o'Brien",      "Мария Müller", "søren ØSTERGÅRD"};

constexpr std::array<std::string_view, 8> kNotes = {"leave at the door",
                                                    "the customer said \"call first\"",
                                                    "it's a gift; don't include the bill",
                                                    "first line\nsecond line",
                                                    "naïve café, 20 °C, 5 €",
                                                    "comma, semicolon; tab\there",
                                                    "",
                                                    "配達は午後にお願いします"};

/// "C00001234" or, for every third, "c-00001234": keys that differ in case and in shape.
std::string_view customer_key(std::int64_t number, std::array<char, 16>& into) {
    const int size = std::snprintf(into.data(), into.size(), number % 3 == 0 ? "c-%08d" : "C%08d",
                                   static_cast<int>(number));
    return {into.data(), static_cast<std::size_t>(size)};
}

void fill_customers(Database& database, std::int64_t customers, Random& random) {
    database.execute(
        "CREATE TABLE customers (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, city TEXT,"
        " joined_on DATE NOT NULL)");
    Row row(database, "INSERT INTO customers VALUES (?,?,?,?)");
    std::array<char, 16> key{};
    std::array<char, 19> date{};
    std::string city;
    for (std::int64_t number = 1; number <= customers; ++number) {
        row.text(customer_key(number, key)).text(random.pick(kNames));
        if (random.one_in(10)) {
            row.null();
        } else {
            row.text(words(random, 1, city));
        }
        row.text(moment(date, random.below(kSecondsRange), false)).insert();
    }
}

void fill_orders(Database& database, std::int64_t orders, Random& random) {
    database.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id TEXT NOT NULL,"
        " status VARCHAR(12) NOT NULL, note TEXT, total DECIMAL(12,2) NOT NULL,"
        " ordered_on DATE NOT NULL, updated_at TIMESTAMP NOT NULL, receipt BLOB)");
    Row row(database, "INSERT INTO orders VALUES (?,?,?,?,?,?,?,?)");
    const std::int64_t customers = std::max<std::int64_t>(1, orders / 10);
    std::array<char, 16> key{};
    std::array<char, 19> date{};
    std::array<char, 19> time{};
    std::array<char, 24> receipt{};
    for (std::int64_t id = 1; id <= orders; ++id) {
        row.integer(id).text(customer_key(1 + random.below(customers), key));
        row.text(random.pick(kStatuses));
        if (random.one_in(3)) {
            row.null();
        } else {
            row.text(random.pick(kNotes));
        }
        row.real(static_cast<double>(random.below(50'000'000)) / 100.0);
        const std::int64_t ordered = random.below(kSecondsRange);
        row.text(moment(date, ordered, false));
        row.text(moment(time, ordered + random.below(std::int64_t{86400} * 30), true));
        if (random.one_in(2)) {
            row.null();
        } else {
            row.blob(bytes(random, 8 + random.below(17), receipt));
        }
        row.insert();
    }
}

void fill_order_items(Database& database, std::int64_t items, Random& random) {
    database.execute(
        "CREATE TABLE order_items (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL,"
        " product TEXT NOT NULL, quantity INT NOT NULL, price DECIMAL(12,2) NOT NULL,"
        " PRIMARY KEY (order_id, line_no)) WITHOUT ROWID");
    Row row(database, "INSERT INTO order_items VALUES (?,?,?,?,?)");
    std::string product;
    std::int64_t order = 0;
    for (std::int64_t made = 0; made < items;) {
        ++order;
        const std::int64_t lines = std::min(items - made, 1 + random.below(5));
        for (std::int64_t line = 1; line <= lines; ++line, ++made) {
            row.integer(order).integer(line).text(words(random, 2, product));
            row.integer(1 + random.below(9));
            row.real(static_cast<double>(random.below(100'000)) / 100.0).insert();
        }
    }
}

void fill_shop(Database& database, std::int64_t orders, Random& random) {
    fill_customers(database, std::max<std::int64_t>(1, orders / 10), random);
    fill_orders(database, orders, random);
    fill_order_items(database, orders * 3 / 10, random);
}

/// A shape is data: its name, how many rows it has by default, and what fills it.
struct Shape {
    std::string_view name;
    std::string_view count_flag;
    std::int64_t rows;
    void (*fill)(Database&, std::int64_t, Random&);
};
constexpr std::array kShapes = {
    Shape{"mixed12", "--rows", 5'000'000, fill_mixed12},
    Shape{"narrow", "--rows", 50'000'000, fill_narrow},
    Shape{"shop", "--orders", 1'000'000, fill_shop},
};

struct Arguments {
    const Shape* shape = nullptr;
    std::int64_t rows = 0;
    std::int64_t seed = 1;
    std::string path;
};

std::optional<std::int64_t> natural(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < 0) return {};
    return value;
}

const Shape* shape_named(std::string_view name) {
    const auto* found = std::find_if(kShapes.begin(), kShapes.end(),
                                     [name](const Shape& shape) { return shape.name == name; });
    return found == kShapes.end() ? nullptr : found;
}

/// Nothing when the command line is not one of ours.
std::optional<Arguments> parse(int count, char** words) {
    Arguments parsed;
    std::string_view count_flag;
    for (int at = 1; at < count; ++at) {
        const std::string_view word = words[at];
        if (!word.starts_with("--")) {
            if (!parsed.path.empty()) return {};
            parsed.path = word;
            continue;
        }
        if (++at == count) return {};
        if (word == "--shape") {
            parsed.shape = shape_named(words[at]);
            continue;
        }
        const auto number = natural(words[at]);
        if (!number || (word != "--rows" && word != "--orders" && word != "--seed")) return {};
        if (word == "--seed") {
            parsed.seed = *number;
        } else {
            parsed.rows = *number;
            count_flag = word;
        }
    }
    if (parsed.shape == nullptr || parsed.path.empty()) return {};
    if (count_flag.empty()) parsed.rows = parsed.shape->rows;
    if (!count_flag.empty() && count_flag != parsed.shape->count_flag) return {};
    return parsed;
}

}  // namespace

int main(int count, char** words) {
    try {
        const auto arguments = parse(count, words);
        if (!arguments) {
            static_cast<void>(
                std::fputs("usage: gen_sqlite --shape mixed12|narrow|shop [--rows N | --orders N]"
                           " [--seed N] DATABASE\n",
                           stderr));
            return 64;
        }
        Database database(arguments->path);
        Random random(static_cast<std::uint64_t>(arguments->seed));
        arguments->shape->fill(database, arguments->rows, random);
        database.finish();
        return 0;
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "gen_sqlite: %s\n", error.what()));
        return 1;
    }
}
