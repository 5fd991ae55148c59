#include "extract/source/postgres_copy.h"

namespace trueup::extract::postgres_source {

std::optional<std::string_view> behind_copy_header(std::string_view message) {
    constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
    if (!message.starts_with(kSignature)) return std::nullopt;
    CopyFields header(message.substr(kSignature.size()));
    const auto flags = static_cast<std::uint32_t>(header.number32());
    const auto extension = static_cast<std::uint32_t>(header.number32());
    // The upper half of the flags changes the format.
    const bool is_known = !header.is_lost() && flags >> 16U == 0;
    if (!is_known || extension > header.rest().size()) return std::nullopt;
    return header.rest().substr(extension);
}

}  // namespace trueup::extract::postgres_source
