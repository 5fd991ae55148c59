#pragma once

#include <string_view>

namespace trueup::log {

/// One line per event, key=value, to stderr. Nothing secret may be passed in.
enum class Level : unsigned char { Error, Warn, Info, Debug };

/// Warn until told otherwise.
void set_level(Level level);

void warn(std::string_view line);
void info(std::string_view line);
void debug(std::string_view line);

}  // namespace trueup::log
