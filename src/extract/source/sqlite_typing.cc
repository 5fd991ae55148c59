#include <algorithm>
#include <array>

#include "base/text.h"
#include "extract/source/sqlite_parts.h"

namespace trueup::extract::sqlite_source {
namespace {

using columnar::TypeId;

/// "DECIMAL(12, 2)" is DECIMAL, 12, 2.
struct Declaration {
    std::string name;
    std::vector<std::int64_t> numbers;
};

Declaration parse_declaration(std::string_view declared) {
    Declaration parsed;
    const std::string text = upper_ascii(trim(declared));
    const auto open = text.find('(');
    parsed.name = std::string(trim(std::string_view(text).substr(0, open)));
    if (open == std::string::npos) return parsed;
    const auto close = text.find(')', open);
    for (const auto part : split(std::string_view(text).substr(open + 1, close - open - 1), ',')) {
        if (const auto number = parse_int64(trim(part))) parsed.numbers.push_back(*number);
    }
    return parsed;
}

struct NamedTyping {
    std::string_view name;
    Typing typing;
};

// Declarations whose name says more than their affinity (https://sqlite.org/datatype3.html, 3.1).
constexpr std::array kNamed = {
    NamedTyping{"BOOLEAN", {{TypeId::Boolean}, Fidelity::Compatible}},
    NamedTyping{"BOOL", {{TypeId::Boolean}, Fidelity::Compatible}},
    NamedTyping{"DATE", {{TypeId::Date}, Fidelity::Compatible}},
    NamedTyping{"TIME", {{TypeId::Time}, Fidelity::Compatible}},
    NamedTyping{"DATETIME", {{TypeId::Timestamp}, Fidelity::Compatible}},
    NamedTyping{"TIMESTAMP", {{TypeId::Timestamp}, Fidelity::Compatible}},
    NamedTyping{"TIMESTAMPTZ", {{TypeId::TimestampTz}, Fidelity::Compatible}},
    NamedTyping{"TIMESTAMP WITH TIME ZONE", {{TypeId::TimestampTz}, Fidelity::Compatible}},
    NamedTyping{"JSON", {{TypeId::Json}, Fidelity::Exact}},
    NamedTyping{"UUID", {{TypeId::Uuid}, Fidelity::Compatible}},
    NamedTyping{"GUID", {{TypeId::Uuid}, Fidelity::Compatible}},
    NamedTyping{"UNIQUEIDENTIFIER", {{TypeId::Uuid}, Fidelity::Compatible}},
};

std::optional<Typing> decimal_typing(const Declaration& declaration) {
    if (declaration.name != "DECIMAL" && declaration.name != "NUMERIC") return std::nullopt;
    if (declaration.numbers.empty()) return std::nullopt;
    const std::int64_t width = declaration.numbers[0];
    const std::int64_t scale = declaration.numbers.size() > 1 ? declaration.numbers[1] : 0;
    if (width < 1 || scale < 0 || scale > width) return std::nullopt;
    if (width > 38) return Typing{{TypeId::Varchar}, Fidelity::Text};
    return Typing{
        {TypeId::Decimal, static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(scale)},
        Fidelity::Compatible};
}

}  // namespace

std::string quote_name(std::string_view name) { return columnar::quote_name(name); }

Typing typing_of(std::string_view declared) {
    const Declaration declaration = parse_declaration(declared);
    if (const auto decimal = decimal_typing(declaration)) return *decimal;
    for (const NamedTyping& named : kNamed) {
        if (named.name == declaration.name) return named.typing;
    }
    // The rules of column affinity, in their order.
    const auto has = [&](std::string_view part) {
        return declaration.name.find(part) != std::string::npos;
    };
    if (has("INT")) return {{TypeId::BigInt}};
    if (has("CHAR") || has("CLOB") || has("TEXT")) return {{TypeId::Varchar}};
    if (has("BLOB")) return {{TypeId::Blob}};
    if (has("REAL") || has("FLOA") || has("DOUB")) return {{TypeId::Double}};
    return {.type = {TypeId::Varchar}, .needs_sample = true};
}

}  // namespace trueup::extract::sqlite_source
