#include <fmt/format.h>
#include <libpq-fe.h>

#include <utility>

#include "base/text.h"
#include "postgres/connection.h"
#include "postgres/failure.h"
#include "postgres/library.h"

namespace trueup::postgres {

// ---- Rows ----

void Rows::Clear::operator()(pg_result* result) const noexcept { PQclear(result); }

int Rows::size() const { return result_ ? PQntuples(result_.get()) : 0; }
bool Rows::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) != 0;
}
std::string_view Rows::text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Status check_utf8(std::string_view text, const std::string& place) {
    if (!invalid_utf8_at(text)) return {};
    return fail(ErrorClass::Failed,
                fmt::format("{}: \"{}\" is no UTF-8: it can be no name and no bound of a chunk",
                            place, printable(text)),
                "cut the table by another column");
}

Status Rows::check_utf8(const std::string& place) const {
    const int columns = result_ ? PQnfields(result_.get()) : 0;
    for (int i = 0; i < size() * columns; ++i) {
        TRY(postgres::check_utf8(text(i / columns, i % columns), place));
    }
    return {};
}

// ---- CopyOut ----

CopyOut::CopyOut(CopyOut&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      message_(std::exchange(other.message_, nullptr)),
      is_done_(other.is_done_) {}

CopyOut::~CopyOut() {
    if (connection_ == nullptr) return;
    release();
    if (!is_done_ && connection_->is_alive()) connection_->cancel();
}

void CopyOut::release() {
    if (message_ != nullptr) PQfreemem(std::exchange(message_, nullptr));
}

Result<std::optional<std::string_view>> CopyOut::next() {
    if (is_done_) return std::nullopt;
    release();
    pg_conn* native = connection_->connection_.get();
    int bytes = PQgetCopyData(native, &message_, 1);
    while (bytes == 0) {  // More has to come first.
        TRY(connection_->wait_for_answer());
        bytes = PQgetCopyData(native, &message_, 1);
    }
    if (bytes > 0) return std::string_view(message_, static_cast<std::size_t>(bytes));
    is_done_ = true;
    if (bytes == -2) return failure(native, connection_->place_);
    TRY(connection_->single_result());
    return std::nullopt;
}

}  // namespace trueup::postgres
