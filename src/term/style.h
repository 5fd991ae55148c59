#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "term/stream.h"

namespace trueup::term {

/// What `--color` said.
enum class ColorChoice : std::uint8_t { Auto, Always, Never };

using trueup::Environment;

/// `Always` and `Never` decide; else NO_COLOR (set and not empty) says no, CLICOLOR_FORCE (set and
/// not "0") yes, TERM=dumb no, and without any of them it is whether the stream is a terminal.
bool wants_color(ColorChoice choice, const Stream& stream, const Environment& environment);

/// The locale (LC_ALL, LC_CTYPE, LANG: the first that is set) is a UTF-8 one.
bool wants_unicode(const Environment& environment);

/// By meaning, not by colour.
enum class Style : std::uint8_t { Plain, Strong, Faint, Good, Bad, Warning, Accent };

/// Paints, or leaves text alone when colours are off.
class Styles {
  public:
    explicit Styles(bool is_on) : is_on_(is_on) {}
    std::string operator()(Style style, std::string_view text) const;
    bool is_on() const { return is_on_; }

  private:
    bool is_on_;
};

}  // namespace trueup::term
