#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/result_column.h"

struct st_mysql_stmt;  // NOLINT(readability-identifier-naming): the library's name.

namespace trueup::mysql {

class Connection;

struct CloseStatement {
    void operator()(st_mysql_stmt* statement) const noexcept;
};
using Statement = std::unique_ptr<st_mysql_stmt, CloseStatement>;

/// Where the values of a row stand in libmariadb's buffer. Filled by a callback, so it stays in one
/// place.
struct FetchedRow {
    std::vector<std::optional<std::string_view>> fields;
    std::vector<std::size_t> fixed_bytes;  // By column, as in ResultColumn.
    const unsigned char* const* buffer_end = nullptr;
    bool is_torn = false;  // A value reaches beyond the buffer.

    /// What stands at `*at`, which goes on behind it; a null `at` is NULL.
    void take(std::size_t column, unsigned char** at);
};

/// The rows of a prepared statement, one at a time, in the server's binary form
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html). One
/// that is left before its end is cancelled.
class RowStream {
  public:
    RowStream(RowStream&&) noexcept;
    RowStream& operator=(RowStream&&) = delete;
    RowStream(const RowStream&) = delete;
    RowStream& operator=(const RowStream&) = delete;
    ~RowStream();

    const std::vector<ResultColumn>& columns() const { return columns_; }
    /// To the next row; false at the end. Values are valid until the next call.
    Result<bool> next();
    /// The value's bytes; nothing for NULL.
    std::optional<std::string_view> field(std::size_t column) const { return row_->fields[column]; }

  private:
    friend class Connection;
    RowStream(Connection& connection, Statement statement, std::vector<ResultColumn> columns);
    void leave() noexcept;

    Connection* connection_;
    Statement statement_;
    std::vector<ResultColumn> columns_;
    std::unique_ptr<FetchedRow> row_;
    bool is_done_ = false;
};

}  // namespace trueup::mysql
