#include "codex/text/language.h"

#include <atomic>
#include <utility>

#include "base/text.h"

namespace trueup::codex {
namespace {

std::atomic<Language> g_language{Language::En};

}  // namespace

std::string_view name_of(Language language) {
    switch (language) {
        case Language::En: return "en";
        case Language::ZhCn: return "zh-CN";
    }
    std::unreachable();
}

std::optional<Language> language_of(std::string_view locale) {
    const std::string name = lower_ascii(trim(locale));
    if (name.starts_with("zh")) return Language::ZhCn;
    if (name.starts_with("en")) return Language::En;
    return std::nullopt;
}

Language choose_language(const std::optional<std::string>& option, const Environment& environment) {
    if (option) {
        if (const auto asked = language_of(*option)) return *asked;
    }
    for (const char* name : {"TRUEUP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = environment(name);
        if (value == nullptr) continue;
        if (const auto found = language_of(value)) return *found;
    }
    return Language::En;
}

void set_language(Language language) { g_language.store(language, std::memory_order_relaxed); }
Language language() { return g_language.load(std::memory_order_relaxed); }

}  // namespace trueup::codex
