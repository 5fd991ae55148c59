#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.h"

namespace trueup::codex {

/// The languages trueup speaks to people. JSON is English always.
enum class Language : std::uint8_t { En, ZhCn };
/// "en", "zh-CN": as --lang takes it.
std::string_view name_of(Language language);

/// What the name of a locale asks for ("zh_CN.UTF-8", " EN "): Chinese when it begins with "zh",
/// English when it begins with "en", whatever the case; nothing for all others, "C" and "POSIX"
/// among them.
std::optional<Language> language_of(std::string_view locale);

/// `option` (--lang), else TRUEUP_LANG, LC_ALL, LC_MESSAGES, LANG: the first that names a language
/// of ours; English when none does.
Language choose_language(const std::optional<std::string>& option, const Environment& environment);

/// The language of this process, English until told otherwise. Like the level of the log it is set
/// once, by the app, before any worker exists; read from anywhere.
void set_language(Language language);
Language language();

}  // namespace trueup::codex
