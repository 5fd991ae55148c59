// Text from a database: whatever the bytes, what we print is UTF-8 without control characters.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace {

/// True when the text could drive a terminal: C0 but tab and line feed, DEL, and C1, which begins
/// with 0xC2 in UTF-8.
bool has_control(std::string_view text) {
    unsigned char before = 0;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if ((byte < 0x20 && letter != '\t' && letter != '\n') || byte == 0x7F) return true;
        if (before == 0xC2 && byte < 0xA0) return true;
        before = byte;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    const auto invalid = trueup::invalid_utf8_at(text);
    if (invalid) {
        CHECK(*invalid < text.size());
        CHECK(!trueup::invalid_utf8_at(text.substr(0, *invalid)));
    }

    const auto printed = trueup::printable(text);
    CHECK(!trueup::invalid_utf8_at(printed));
    CHECK(!has_control(printed));
    CHECK(trueup::printable(printed) == printed);

    const auto number = trueup::parse_int64(text);
    if (number) CHECK(trueup::parse_int64(std::to_string(*number)) == number);
    CHECK(trueup::trim(text).size() <= text.size());
    return 0;
}
