#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/result.h"

namespace trueup::codex {

/// systemctl --user, with a limit on each call.
class Systemctl {
  public:
    /// Failed when there is no such program in PATH.
    static Result<Systemctl> find(const Environment& environment);

    /// Failed, with what it said, when it exits with anything but 0.
    Result<std::string> call(std::vector<std::string> words, std::chrono::milliseconds limit) const;

    struct UnitState {
        std::string active;  // "active", "inactive", "failed", …
        std::optional<std::int64_t> pid;
    };
    Result<UnitState> state_of(const std::string& unit, std::chrono::milliseconds limit) const;

  private:
    explicit Systemctl(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace trueup::codex
