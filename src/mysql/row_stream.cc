#include "mysql/row_stream.h"

#include <fmt/format.h>
#include <mysql.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "mysql/connection.h"
#include "mysql/wait.h"

namespace trueup::mysql {
namespace {

/// How long a cancelled statement may take to end before the connection is given up.
constexpr std::chrono::milliseconds kCancelPatience{2000};

/// A length in one byte, or in the two, three or eight behind it.
std::optional<std::uint64_t> take_length(std::string_view& bytes) {
    constexpr unsigned char kLargestInOne = 250;
    if (bytes.empty()) return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (first <= kLargestInOne) return first;
    std::size_t size = 0;
    if (first == 0xFC) size = 2;
    if (first == 0xFD) size = 3;
    if (first == 0xFE) size = 8;
    if (size == 0 || bytes.size() < size) return std::nullopt;
    std::uint64_t length = 0;
    for (std::size_t i = size; i > 0; --i) {
        length = length << 8U | static_cast<unsigned char>(bytes[i - 1]);
    }
    bytes.remove_prefix(size);
    return length;
}

void take_field(void* row, unsigned int column, unsigned char** at) {
    static_cast<FetchedRow*>(row)->take(column, at);
}

}  // namespace

void CloseStatement::operator()(st_mysql_stmt* statement) const noexcept {
    mysql_stmt_close(statement);
}

void FetchedRow::take(std::size_t column, unsigned char** at) {
    if (column >= fields.size()) return;
    fields[column].reset();
    if (at == nullptr || is_torn) return;
    // The library does not say where the packet ends; its buffer does not move while it is read.
    const unsigned char* const begin = *at;
    const bool is_inside = begin <= *buffer_end;
    std::string_view rest;
    if (is_inside) {
        rest = {reinterpret_cast<const char*>(begin),
                static_cast<std::size_t>(*buffer_end - begin)};
    }
    std::optional<std::uint64_t> size = fixed_bytes[column];
    if (fixed_bytes[column] == 0) size = take_length(rest);
    if (!is_inside || !size || *size > rest.size()) {
        is_torn = true;
        return;
    }
    fields[column] = rest.substr(0, static_cast<std::size_t>(*size));
    *at += static_cast<std::size_t>(rest.data() - reinterpret_cast<const char*>(begin)) +
           static_cast<std::size_t>(*size);
}

RowStream::RowStream(Connection& connection, Statement statement, std::vector<ResultColumn> columns)
    : connection_(&connection),
      statement_(std::move(statement)),
      columns_(std::move(columns)),
      row_(std::make_unique<FetchedRow>()) {
    row_->fields.resize(columns_.size());
    for (const ResultColumn& column : columns_) row_->fixed_bytes.push_back(column.fixed_bytes);
    row_->buffer_end = &connection.connection_->net.buff_end;
    mysql_stmt_attr_set(statement_.get(), STMT_ATTR_CB_USER_DATA, row_.get());
    mysql_stmt_attr_set(statement_.get(), STMT_ATTR_CB_RESULT,
                        reinterpret_cast<const void*>(&take_field));
}

RowStream::RowStream(RowStream&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      statement_(std::move(other.statement_)),
      columns_(std::move(other.columns_)),
      row_(std::move(other.row_)),
      is_done_(other.is_done_) {}

RowStream::~RowStream() {
    if (connection_ != nullptr) leave();
}

/// Closing a statement would read all of its rows.
void RowStream::leave() noexcept {
    if (is_done_ || !connection_->is_alive()) return;
    connection_->kill_query();
    const Patience patience(kCancelPatience, Patience::OnStop::GoOn);
    int state = 0;
    while (state == 0 && !patience.has_run_out()) state = mysql_stmt_fetch(statement_.get());
    connection_->is_lost_ = connection_->is_lost_ || state == 0;
    // The statement may have ended by itself first: then the next one is what is killed.
    if (state != 0) discard(connection_->exec("DO 0"), "it is there to be killed");
}

Result<bool> RowStream::next() {
    if (is_done_) return false;
    const int state = mysql_stmt_fetch(statement_.get());
    if (state == 0) {
        if (!row_->is_torn) return true;
        connection_->is_lost_ = true;
        return fail(ErrorClass::Failed,
                    fmt::format("{} sent a row that is cut off", connection_->place()));
    }
    is_done_ = true;
    if (state == MYSQL_NO_DATA) return false;
    return connection_->failed(statement_.get());
}

}  // namespace trueup::mysql
