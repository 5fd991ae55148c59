#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "codex/apply/reconcile.h"

namespace trueup::codex {

/// Says what is new and keeps silent about what was said before: an error, a store or a set of
/// threads that stay as they are give one line, not one per run.
class Narrator {
  public:
    explicit Narrator(std::function<void(std::string_view)> say) : say_(std::move(say)) {}

    void say(std::string_view line) const;
    void tell(const Error& error);
    void tell(const RunOutcome& outcome);

  private:
    void tell_done(const RunOutcome& outcome);
    void tell_stores(const RunOutcome& outcome);
    void tell_left(const RunOutcome& outcome);
    void tell_notices(const RunOutcome& outcome);

    std::function<void(std::string_view)> say_;
    std::string error_;
    std::optional<std::string> target_;
    std::vector<std::string> stores_;
    std::set<std::pair<std::string, Reason>> left_;
    std::set<std::pair<NoticeKind, std::string>> notices_;
};

}  // namespace trueup::codex
