#include "extract/config/substitute.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace trueup::extract {
namespace {

constexpr std::size_t kHiddenMin = 4;

yaml::Position position_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto line_begin =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {static_cast<int>(std::ranges::count(before, '\n')) + 1,
            static_cast<int>(offset - line_begin) + 1};
}

std::size_t offset_of(std::string_view text, yaml::Position at) {
    std::size_t begin = 0;
    for (int line = 1; line < at.line; ++line) {
        const std::size_t end = text.find('\n', begin);
        if (end == std::string_view::npos) break;
        begin = end + 1;
    }
    return std::min(begin + static_cast<std::size_t>(at.column - 1), text.size());
}

bool is_in_comment_line(std::string_view text, std::size_t offset) {
    const std::size_t feed = text.substr(0, offset).rfind('\n');
    const std::size_t begin = feed == std::string_view::npos ? 0 : feed + 1;
    return trim(text.substr(begin, offset - begin)).starts_with('#');
}

std::optional<std::string> value_of(const std::string& name, const Parameters& parameters,
                                    const Surroundings& surroundings) {
    if (name.empty()) return "";
    const auto found = parameters.find(name);
    if (found != parameters.end()) return found->second;
    return surroundings.environment(name);
}

}  // namespace

Result<Substitution> Substitution::make(std::string_view text, const std::string& file,
                                        const Parameters& parameters,
                                        const Surroundings& surroundings) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    Substitution done;
    done.original_ = text;
    std::set<std::string> used;
    const auto refuse = [&](std::size_t offset, std::string sentence, std::string hint = {}) {
        const yaml::Position at = position_at(text, offset);
        return fail(ErrorClass::Config,
                    fmt::format("{}:{}:{}: {}", file, at.line, at.column, sentence),
                    std::move(hint));
    };
    std::size_t copied = 0;
    for (std::size_t begin = text.find("${"); begin != std::string_view::npos;
         begin = text.find("${", begin)) {
        const std::size_t end = text.find_first_of("}\n", begin);
        if (end == std::string_view::npos) break;
        const std::string name(text.substr(begin + 2, end - begin - 2));
        const auto value =
            text[end] == '}' ? value_of(name, parameters, surroundings) : std::nullopt;
        if (!value && (text[end] == '\n' || is_in_comment_line(text, begin))) {
            begin = end;
            continue;
        }
        if (!value) {
            std::vector<std::string> known;
            for (const auto& parameter : parameters) known.push_back(parameter.first);
            return refuse(
                begin,
                fmt::format("${{{}}} is not set{}", printable(name), did_you_mean(name, known)),
                fmt::format("give --param {0}=… or set the environment variable {0}",
                            printable(name)));
        }
        if (value->contains('\0')) {
            return refuse(begin, fmt::format("the value of ${{{}}} holds a NUL byte", name));
        }
        done.text_ += text.substr(copied, begin - copied);
        done.replacements_.push_back({name, *value, done.text_.size(), begin, end + 1});
        done.text_ += *value;
        if (done.text_.size() > yaml::kBytesMax) {
            return refuse(begin, fmt::format("with its ${{…}} replaced the file is larger than {}",
                                             human_bytes(yaml::kBytesMax)));
        }
        used.insert(name);
        copied = begin = end + 1;
    }
    done.text_ += text.substr(copied);
    for (const auto& parameter : parameters) {
        if (!used.contains(parameter.first)) done.unused_.push_back(parameter.first);
    }
    return done;
}

yaml::Position Substitution::original(yaml::Position at) const {
    if (replacements_.empty()) return at;
    const std::size_t offset = offset_of(text_, at);
    // The last replacement that begins at or before the offset decides the shift.
    const auto next = std::ranges::upper_bound(replacements_, offset, {}, &Replacement::begin);
    if (next == replacements_.begin()) return at;
    const Replacement& last = *std::prev(next);
    const std::size_t end = last.begin + last.value.size();
    const bool is_inside = offset < end || offset == last.begin;
    const std::size_t mapped = is_inside ? last.original_begin : last.original_end + (offset - end);
    return position_at(original_, std::min(mapped, original_.size()));
}

std::string Substitution::hide_values(std::string value) const {
    for (const Replacement& replacement : replacements_) {
        // A letter or two would be found everywhere, and tell nothing when seen.
        const bool is_all = value == replacement.value;
        if (replacement.name.empty() || (replacement.value.size() < kHiddenMin && !is_all))
            continue;
        const std::string instead = fmt::format("${{{}}}", replacement.name);
        for (std::size_t at = value.find(replacement.value); at != std::string::npos;
             at = value.find(replacement.value, at + instead.size())) {
            value.replace(at, replacement.value.size(), instead);
        }
    }
    return value;
}

std::string redact_urls(std::string message) {
    for (std::size_t scheme = message.find("://"); scheme != std::string::npos;
         scheme = message.find("://", scheme + 3)) {
        const std::size_t begin = scheme + 3;
        // A password may hold nearly anything: take all up to the last @ of the line.
        const std::size_t line_end = std::min(message.find('\n', begin), message.size());
        const std::size_t at = message.substr(0, line_end).rfind('@');
        const std::size_t colon = message.find(':', begin);
        if (at == std::string::npos || at < begin || colon >= at) continue;
        message.replace(colon + 1, at - colon - 1, "***");
    }
    for (std::size_t at = message.find("password="); at != std::string::npos;
         at = message.find("password=", at + 1)) {
        const std::size_t begin = at + std::string_view("password=").size();
        const std::size_t end = std::min(message.find_first_of("& \"'\n", begin), message.size());
        message.replace(begin, end - begin, "***");
    }
    return message;
}

}  // namespace trueup::extract
