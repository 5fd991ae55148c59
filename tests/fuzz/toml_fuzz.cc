// Any bytes are a TOML document, or an error of class Config that names a place.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "toml/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto document = trueup::toml::Document::parse(text, "f");
    if (!document) {
        CHECK(document.error().kind == trueup::ErrorClass::Config);
        CHECK(document.error().message.starts_with("f:"));
        return 0;
    }
    for (const auto& key : document->keys({}).value().value()) {
        const auto value = document->text({key});
        const auto below = document->keys({key});
        CHECK(value.has_value() || value.error().message.starts_with("f:"));
        CHECK(below.has_value() || below.error().message.starts_with("f:"));
        CHECK(!(value.has_value() && below.has_value()));  // There is something, and of one kind.
    }
    return 0;
}
