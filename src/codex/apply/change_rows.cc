#include "codex/apply/change_rows.h"

#include <algorithm>

#include "base/fault.h"
#include "sqlite/statement.h"
#include "sqlite/transaction.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

/// One store while its rows change. The connection outlives its transaction.
struct Session {
    std::optional<sqlite::Connection> connection;
    std::optional<sqlite::Transaction> transaction;
    StoreChange change;

    bool is_open() const { return transaction.has_value(); }
    void give_up(const Error& error) {
        transaction.reset();
        change.problem = error;
        change.rows_changed = 0;
    }
};

Status begin(Session& session, const StoreRecord& record, milliseconds wait) {
    const Store store{.kind = record.kind, .path = record.path};
    FAULT_POINT("store before begin");
    session.connection = TRY(open_store(store, StoreAccess::Write, wait));
    session.transaction =
        TRY(sqlite::Transaction::begin(*session.connection, sqlite::TransactionKind::Immediate));
    // A quarter of the default: rows change in the order of the table.
    return session.connection->exec("PRAGMA cache_size=-512");
}

Status commit(Session& session) {
    FAULT_POINT("store before commit");
    session.change.may_be_changed = true;
    TRY(session.transaction->commit());
    session.transaction.reset();
    FAULT_POINT("store after commit");
    return {};
}

/// The stores of one change, all held at once.
class Rows {
  public:
    Rows(RowsInput input, const RowsOptions& options)
        : input_(std::move(input)), options_(options), sessions_(input_.stores->size()) {}

    RowsResult run() {
        // A thread that a closer look takes out must change in no store, so all of them start over
        // without it; each round takes out one at least.
        do {
            begin_all();
        } while (!update_all());
        for (std::size_t i = 0; i < sessions_.size(); ++i) {
            if (!sessions_[i].is_open()) continue;
            if (const auto done = commit(sessions_[i]); !done) give_up(i, done.error());
        }
        RowsResult result{.stores = {}, .is_out_of_step = std::move(input_.skipped)};
        for (Session& session : sessions_) result.stores.push_back(std::move(session.change));
        return result;
    }

  private:
    bool has_work(std::size_t store) const {
        return !sessions_[store].change.problem &&
               std::ranges::any_of(*input_.rows, [&](const RowEdit& row) {
                   return row.store == store && !input_.skipped[row.thread];
               });
    }

    void begin_all() {
        for (Session& session : sessions_) session.transaction.reset();
        const auto until = options_.clock->monotonic() + options_.wait;
        for (std::size_t i = 0; i < sessions_.size(); ++i) {
            if (!has_work(i)) continue;
            const auto left =
                std::chrono::duration_cast<milliseconds>(until - options_.clock->monotonic());
            const auto begun =
                begin(sessions_[i], (*input_.stores)[i], std::max(left, milliseconds(0)));
            if (!begun) give_up(i, begun.error());
        }
    }

    /// False when it took out a thread.
    bool update_all() {
        bool is_settled = true;
        for (std::size_t i = 0; i < sessions_.size(); ++i) {
            if (!sessions_[i].is_open()) continue;
            auto updated = update(i);
            if (!updated) give_up(i, updated.error());
            is_settled = is_settled && updated && *updated;
        }
        return is_settled;
    }

    Result<bool> update(std::size_t store) {
        Session& session = sessions_[store];
        session.change.rows_changed = 0;
        RowUpdater updater = TRY(RowUpdater::prepare(*session.connection));
        bool is_settled = true;
        for (const RowEdit& row : *input_.rows) {
            if (row.store != store || input_.skipped[row.thread]) continue;
            switch (TRY(updater.update((*input_.threads)[row.thread], row.before, row.after))) {
                case RowUpdate::Changed: ++session.change.rows_changed; break;
                case RowUpdate::AlreadyRight: break;
                case RowUpdate::Foreign:
                    input_.skipped[row.thread] = true;
                    is_settled = false;
                    break;
            }
        }
        return is_settled;
    }

    void give_up(std::size_t store, const Error& error) {
        sessions_[store].give_up(error);
        for (const RowEdit& row : *input_.rows) {
            if (row.store == store) input_.skipped[row.thread] = true;
        }
    }

    RowsInput input_;
    RowsOptions options_;
    std::vector<Session> sessions_;
};

}  // namespace

RowsResult change_rows(RowsInput input, const RowsOptions& options) {
    return Rows(std::move(input), options).run();
}

}  // namespace trueup::codex
