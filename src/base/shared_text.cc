#include "base/shared_text.h"

#include <cstring>
#include <limits>
#include <new>
#include <ostream>

#include "base/check.h"

namespace trueup {

SharedText::SharedText(std::string_view text) {
    if (text.empty()) return;
    CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max());
    void* const place = ::operator new(sizeof(Block) + text.size());
    block_ = new (place) Block{.references = 1, .bytes = static_cast<std::uint32_t>(text.size())};
    std::memcpy(static_cast<void*>(block_ + 1), text.data(), text.size());
}

std::ostream& operator<<(std::ostream& out, const SharedText& text) { return out << text.view(); }

void SharedText::release() {
    if (block_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    block_->~Block();
    ::operator delete(block_);
}

SharedText TextPool::of(std::string_view text) {
    if (text.empty()) return {};
    const auto known = texts_.find(text);
    return known != texts_.end() ? *known : *texts_.emplace(text).first;
}

}  // namespace trueup
