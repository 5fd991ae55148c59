#include "codex/testing/unprivileged.h"

#include <unistd.h>

#include "base/check.h"

namespace trueup::codex::testing {
Unprivileged::Unprivileged() {
    if (::geteuid() != 0) return;
    CHECK(::seteuid(kNobody) == 0);
    is_changed_ = true;
}

Unprivileged::~Unprivileged() {
    if (is_changed_) CHECK(::seteuid(0) == 0);
}

}  // namespace trueup::codex::testing
