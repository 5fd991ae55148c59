#pragma once

#include <sys/types.h>

namespace trueup::codex::testing {

/// The user that owns nothing.
inline constexpr uid_t kNobody = 65534;

/// The process is the user "nobody" while this lives, when it was root: permissions, which root
/// overrides, are then in force. Whoever runs tests as an ordinary user is unprivileged already.
class Unprivileged {
  public:
    Unprivileged();
    ~Unprivileged();
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
    Unprivileged(Unprivileged&&) = delete;
    Unprivileged& operator=(Unprivileged&&) = delete;

  private:
    bool is_changed_ = false;
};

}  // namespace trueup::codex::testing
