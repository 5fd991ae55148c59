#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "extract/config/config.h"

// Any bytes are a configuration, or an error of class Config that names a place. The environment
// holds one variable, so that ${A} can bring structure of its own.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    trueup::extract::Surroundings surroundings;
    surroundings.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "A") return "b: c\n";
        return std::nullopt;
    };
    surroundings.read_file = [](const std::string& path) -> trueup::Result<std::string> {
        if (path.ends_with(".sql")) return "SELECT 1";
        return trueup::fail(trueup::ErrorClass::Failed, "no such file");
    };
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto got = trueup::extract::parse_config(text, "f", {{"P", "x"}}, surroundings);
    if (got) {
        CHECK(!got->exports.empty());
    } else {
        CHECK(got.error().kind == trueup::ErrorClass::Config);
        CHECK(got.error().message.starts_with("f:"));
    }
    return 0;
}
