#include "toml/nesting.h"

#include <algorithm>
#include <cstddef>

namespace trueup::toml {
namespace {

/// Reads just enough TOML to know what is text and what is not.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::optional<int> find(int dots_max) {
        while (at_ < text_.size()) {
            step();
            if (dots_ > dots_max) return statement_line_;
        }
        return std::nullopt;
    }

  private:
    void step() {
        switch (text_[at_]) {
            case '"':
            case '\'': skip_text(text_[at_]); return;
            case '#': at_ = std::min(text_.find('\n', at_), text_.size()); return;
            case '[':
            case '{': ++open_; break;
            case ']':
            case '}': open_ = std::max(open_ - 1, 0); break;
            case '.': ++dots_; break;
            case '\n': end_line(); break;
            default: break;
        }
        ++at_;
    }

    void end_line() {
        ++line_;
        if (open_ > 0) return;  // An array goes on.
        dots_ = 0;
        statement_line_ = line_;
    }

    void skip_text(char quote) {
        const std::string_view rest = text_.substr(at_);
        const char three[] = {quote, quote, quote};
        const bool is_long = rest.starts_with(std::string_view(three, 3));
        at_ += is_long ? 3 : 1;
        while (at_ < text_.size()) {
            const char byte = text_[at_];
            if (byte == '\n') {
                if (!is_long) return;  // A mistake: the text had to end before.
                ++line_;
            }
            if (byte == '\\' && quote == '"') {
                skip_escaped();
                continue;
            }
            if (byte == quote && (!is_long || text_.substr(at_).starts_with({three, 3}))) break;
            ++at_;
        }
        at_ += is_long ? 3 : 1;
        // Two more quotes may stand at the end of a long text, and belong to it.
        for (int more = 0; is_long && more < 2 && at_ < text_.size(); ++more) {
            if (text_[at_] == quote) ++at_;
        }
    }

    void skip_escaped() {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++line_;
        at_ += 2;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    int statement_line_ = 1;
    int open_ = 0;  // Brackets and braces.
    int dots_ = 0;  // Of this statement.
};

}  // namespace

std::optional<int> too_many_dots_at(std::string_view text, int dots_max) {
    return Scanner(text).find(dots_max);
}

}  // namespace trueup::toml
