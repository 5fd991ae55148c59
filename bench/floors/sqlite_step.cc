// sqlite_step DATABASE [TABLE]: the least that reading a table out of SQLite can cost. One worker
// steps over SELECT * and fetches every column through the accessor of its storage class; nothing
// is kept. Prints the rows, the bytes and the seconds as one line of JSON.

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace {

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

struct Seen {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t mark = 0;  // Depends on every value, so that no fetch can be left out.
};

/// First and last byte: the value has to be in memory for that.
std::uint64_t touch(const void* data, std::size_t size) {
    if (size == 0) return 0;
    const auto* bytes = static_cast<const unsigned char*>(data);
    return std::uint64_t{bytes[0]} + bytes[size - 1];
}

void fetch(sqlite3_stmt* row, int column, Seen& seen) {
    switch (sqlite3_column_type(row, column)) {
        case SQLITE_INTEGER:
            seen.mark += static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
            seen.bytes += 8;
            return;
        case SQLITE_FLOAT: {
            const double value = sqlite3_column_double(row, column);
            std::uint64_t bits = 0;
            std::memcpy(&bits, &value, sizeof bits);
            seen.mark += bits;
            seen.bytes += 8;
            return;
        }
        case SQLITE_NULL: return;
        default: {  // Text and blobs: SQLite's codes are no enum.
            const void* data = sqlite3_column_type(row, column) == SQLITE_TEXT
                                   ? sqlite3_column_text(row, column)
                                   : sqlite3_column_blob(row, column);
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
            seen.mark += touch(data, size);
            seen.bytes += size;
        }
    }
}

int complain(sqlite3* database, const char* doing) {
    static_cast<void>(
        std::fprintf(stderr, "sqlite_step: %s: %s\n", doing, sqlite3_errmsg(database)));
    return 1;
}

int run(const char* path, const char* table) {
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    const std::unique_ptr<sqlite3, CloseDatabase> database(raw);
    if (opened != SQLITE_OK) return complain(raw, "open");
    // The floor should not pay for copying pages.
    if (sqlite3_exec(raw, "PRAGMA mmap_size = 68719476736", nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
        return complain(raw, "mmap_size");
    }

    const std::unique_ptr<char, decltype(&sqlite3_free)> sql(
        sqlite3_mprintf("SELECT * FROM \"%w\"", table), &sqlite3_free);
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(raw, sql.get(), -1, &prepared, nullptr) != SQLITE_OK) {
        return complain(raw, "prepare");
    }
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);

    const auto begin = std::chrono::steady_clock::now();
    const int columns = sqlite3_column_count(prepared);
    Seen seen;
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
        ++seen.rows;
        for (int column = 0; column < columns; ++column) fetch(prepared, column, seen);
    }
    if (step != SQLITE_DONE) return complain(raw, "step");
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("{\"rows\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"mark\":%llu}\n",
                static_cast<unsigned long long>(seen.rows),
                static_cast<unsigned long long>(seen.bytes), seconds.count(),
                static_cast<unsigned long long>(seen.mark));
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2 || count > 3) {
        static_cast<void>(std::fputs("usage: sqlite_step DATABASE [TABLE]\n", stderr));
        return 64;
    }
    return run(arguments[1], count == 3 ? arguments[2] : "t");
}
