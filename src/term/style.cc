#include "term/style.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace trueup::term {
namespace {

std::string_view variable(const Environment& environment, const char* name) {
    const char* value = environment(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

std::string_view sequence_of(Style style) {
    switch (style) {
        case Style::Plain: return "";
        case Style::Strong: return "1";
        case Style::Faint: return "2";
        case Style::Good: return "32";
        case Style::Bad: return "31";
        case Style::Warning: return "33";
        case Style::Accent: return "36";
    }
    std::unreachable();
}

}  // namespace

bool wants_color(ColorChoice choice, const Stream& stream, const Environment& environment) {
    switch (choice) {
        case ColorChoice::Always: return true;
        case ColorChoice::Never: return false;
        case ColorChoice::Auto: break;
    }
    if (!variable(environment, "NO_COLOR").empty()) return false;
    const auto force = variable(environment, "CLICOLOR_FORCE");
    if (!force.empty() && force != "0") return true;
    return stream.is_tty() && variable(environment, "TERM") != "dumb";
}

bool wants_unicode(const Environment& environment) {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto value = variable(environment, name);
        if (value.empty()) continue;
        const std::string lower = lower_ascii(value);
        return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
    }
    return false;
}

std::string Styles::operator()(Style style, std::string_view text) const {
    if (!is_on_ || style == Style::Plain || text.empty()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", sequence_of(style), text);
}

}  // namespace trueup::term
