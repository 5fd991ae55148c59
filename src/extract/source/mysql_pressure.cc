#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "extract/source/mysql_parts.h"

// What a server of MySQL or MariaDB says about the strain that it is under; any user may ask:
// https://mariadb.com/kb/en/innodb-status-variables/.

namespace trueup::extract::mysql_source {
namespace {

using mysql::Connection;
using mysql::ConnectOptions;
using mysql::Rows;
using Kind = PressureSignal::Kind;

constexpr std::string_view kQuestion =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_log_waits', "
    "'Innodb_buffer_pool_wait_free', 'Innodb_row_lock_current_waits', 'Threads_running')";

class MysqlGauge final : public PressureGauge {
  public:
    MysqlGauge(Connection connection, std::int64_t connections_max, int sessions)
        : connection_(std::move(connection)),
          connections_max_(connections_max),
          sessions_(sessions) {}

    Result<Pressure> read() override {
        if (!connection_.is_alive()) connection_ = TRY(connection_.open_another());
        const Rows rows = TRY(connection_.query(kQuestion));
        Pressure pressure;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            const auto value = parse_int64(rows.text(row, 1));
            if (value) add(lower_ascii(rows.text(row, 0)), *value, pressure);
        }
        if (!pressure.empty()) return pressure;
        return fail(ErrorClass::Failed, connection_.place() + ": it does not say how busy it is");
    }

  private:
    void add(std::string_view variable, std::int64_t value, Pressure& pressure) const {
        if (variable == "innodb_log_waits") {
            pressure.push_back({.kind = Kind::Count,
                                .name = "writers that waited for the log buffer",
                                .value = value});
        } else if (variable == "innodb_buffer_pool_wait_free") {
            pressure.push_back({.kind = Kind::Count,
                                .name = "readers that waited for a free page of memory",
                                .value = value});
        } else if (variable == "innodb_row_lock_current_waits") {
            pressure.push_back(waiting_sessions(value));
        } else if (variable == "threads_running") {
            // This look is one of them.
            const auto others = std::max<std::int64_t>(value - 1 - sessions_, 0);
            pressure.push_back(busy_sessions(others, connections_max_));
        }
    }

    Connection connection_;
    std::int64_t connections_max_;
    int sessions_;
};

}  // namespace

Result<std::unique_ptr<PressureGauge>> open_gauge(ConnectOptions options, int sessions) {
    options.statement_timeout = kGaugePatience;
    Connection connection = TRY(Connection::open(options));
    const ConnectionBudget budget = TRY(connection_budget(connection));
    if (budget.room <= 1) return no_room_for_gauge(connection.place());
    std::unique_ptr<PressureGauge> gauge =
        std::make_unique<MysqlGauge>(std::move(connection), budget.limit, sessions);
    return gauge;
}

}  // namespace trueup::extract::mysql_source
