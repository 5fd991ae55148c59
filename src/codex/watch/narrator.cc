#include "codex/watch/narrator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace trueup::codex {
namespace {

/// A line names at most so many threads.
constexpr std::size_t kNamesMax = 5;

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", grouped(count), count == 1 ? one : many);
}

std::string changes_of(const RunOutcome& outcome) {
    std::vector<std::string> parts;
    if (outcome.patched > 0) {
        parts.push_back(counted(outcome.patched, "rollout", "rollouts") + " changed in place");
    }
    if (outcome.grown > 0) {
        parts.push_back(counted(outcome.grown, "rollout", "rollouts") + " written anew");
    }
    if (outcome.rows_changed > 0) {
        parts.push_back(counted(outcome.rows_changed, "row", "rows") + " changed");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

/// Nothing for a store that is as it should be.
std::string line_of(const StoreOutcome& outcome) {
    const auto of = [&](std::string_view state) {
        return fmt::format("store {} {} {}{}{}", name_of(outcome.store.kind), outcome.store.path,
                           state, outcome.detail.empty() ? "" : ": ", outcome.detail);
    };
    switch (outcome.result) {
        case StoreResult::Updated: return "";
        case StoreResult::Missing: return of("does not exist");
        case StoreResult::Backfill: return of("is being rebuilt by Codex and left alone");
        case StoreResult::Locked: return of("is locked");
        case StoreResult::Failed: return of("cannot be used");
    }
    std::unreachable();
}

std::string line_of(const Notice& notice) {
    switch (notice.kind) {
        // A run that had to wait either went on, or ended in an error of its own.
        case NoticeKind::WaitingForLock:
        case NoticeKind::WaitingForBackfill:
        case NoticeKind::WaitingForStore: return "";
        case NoticeKind::RecoveredRun:
            return fmt::format("the interrupted run {} was rolled back: {}", notice.subject,
                               counted(notice.count, "file or row", "files and rows"));
        case NoticeKind::StaleBackfill:
            return fmt::format("a backfill of {} was begun and its worker is gone: ignored",
                               notice.subject);
        case NoticeKind::UnknownProvider:
            return fmt::format(
                "provider {} is not built in and not configured: Codex cannot "
                "continue its threads",
                notice.subject);
        case NoticeKind::Encrypted:
            return fmt::format(
                "{} encrypted reasoning: continuing may fail",
                counted(notice.count, "changed thread holds", "changed threads hold"));
    }
    std::unreachable();
}

}  // namespace

void Narrator::say(std::string_view line) const {
    if (say_) say_(printable(line));
}

void Narrator::tell(const Error& error) {
    if (error.message == error_) return;
    error_ = error.message;
    say(error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint));
}

void Narrator::tell(const RunOutcome& outcome) {
    tell_notices(outcome);
    if (!outcome.failure) tell_done(outcome);
    tell_stores(outcome);
    tell_left(outcome);
    if (outcome.failure) tell(*outcome.failure);
}

void Narrator::tell_done(const RunOutcome& outcome) {
    if (!std::exchange(error_, {}).empty()) say("it works again");
    const std::string changes = changes_of(outcome);
    const bool is_new_target = target_ != outcome.target;
    target_ = outcome.target;
    if (!changes.empty()) {
        say(fmt::format("under {} now: {}", outcome.target, changes));
    } else if (is_new_target) {
        say(fmt::format("{} under {}", counted(outcome.matched, "thread is", "threads are"),
                        outcome.target));
    }
}

void Narrator::tell_stores(const RunOutcome& outcome) {
    std::vector<std::string> lines;
    for (const StoreOutcome& store : outcome.stores) {
        std::string line = line_of(store);
        if (line.empty()) continue;
        if (std::ranges::find(stores_, line) == stores_.end()) say(line);
        lines.push_back(std::move(line));
    }
    stores_ = std::move(lines);
}

void Narrator::tell_left(const RunOutcome& outcome) {
    std::set<std::pair<std::string, Reason>> left;
    for (const ThreadOutcome& thread : outcome.left_out) left.emplace(thread.id, thread.reason);
    const bool has_new = !std::ranges::includes(left_, left);
    const bool is_over = left.empty() && !left_.empty();
    left_ = std::move(left);
    if (is_over) say("no thread is left any more");
    if (!has_new) return;
    say(counted(std::ssize(outcome.left_out), "thread is left as it is",
                "threads are left as they are"));
    const std::size_t named = std::min(outcome.left_out.size(), kNamesMax);
    for (const ThreadOutcome& thread : std::span(outcome.left_out).first(named)) {
        say(fmt::format("  {}: {}{}{}", thread.id, name_of(thread.reason),
                        thread.detail.empty() ? "" : ", ", thread.detail));
    }
    if (outcome.left_out.size() > named) say("  and more");
}

void Narrator::tell_notices(const RunOutcome& outcome) {
    std::set<std::pair<NoticeKind, std::string>> notices;
    for (const Notice& notice : outcome.notices) {
        const std::string line = line_of(notice);
        if (line.empty()) continue;
        const auto key = std::pair(notice.kind, line);
        notices.insert(key);
        if (!notices_.contains(key)) say(line);
    }
    notices_ = std::move(notices);
}

}  // namespace trueup::codex
