#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/config/config.h"
#include "yaml/yaml.h"

/// `${NAME}` in the text of a configuration, replaced before anything else looks at it.
namespace trueup::extract {

/// A text with its names replaced, and the way back.
class Substitution {
  public:
    /// A parameter beats an environment variable. `${}` becomes nothing, an unclosed `${` stays,
    /// and so does a name nobody set in a line that is only a comment; elsewhere that is an error
    /// (Config, `file:line:column: …`), as is a value with a NUL byte.
    static Result<Substitution> make(std::string_view text, const std::string& file,
                                     const Parameters& parameters,
                                     const Surroundings& surroundings);

    const std::string& text() const { return text_; }
    /// Where a position of text() stands in the original.
    yaml::Position original(yaml::Position at) const;
    /// Parameters no `${NAME}` asked for.
    const std::vector<std::string>& unused() const { return unused_; }
    /// `value` with every substituted value in it turned back into `${NAME}`; values of less than
    /// four bytes only when they are all of it.
    std::string hide_values(std::string value) const;

  private:
    struct Replacement {
        std::string name;
        std::string value;
        std::size_t begin = 0;           // In text().
        std::size_t original_begin = 0;  // In the original, of `${`.
        std::size_t original_end = 0;    // Behind `}`.
    };
    std::string text_;
    std::string original_;
    std::vector<Replacement> replacements_;
    std::vector<std::string> unused_;
};

/// `message` with the password of every URL in it replaced by `***`.
std::string redact_urls(std::string message);

}  // namespace trueup::extract
