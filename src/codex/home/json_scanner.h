#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace trueup::codex {

/// The deepest nesting of arrays and objects that is accepted.
inline constexpr std::size_t kJsonDepthMax = 128;

/// A JSON string where it stands.
struct JsonText {
    std::string_view raw;     // Between the quotes.
    bool is_escaped = false;  // Holds a backslash, so it is not what it says.

    /// Whether it means `text`; allocates nothing.
    bool means(std::string_view text) const;
    /// Whether both mean the same.
    bool means_same(const JsonText& other) const;
    /// What it means, in UTF-8.
    std::string decoded() const;
};

/// Walks over one JSON text (RFC 8259) and refuses what is none: in UTF-8, no lone surrogates, no
/// deeper than kJsonDepthMax. Builds nothing and allocates nothing; the text must outlive it.
/// Every function that answers false has stopped at the byte that is wrong.
class JsonScanner {
  public:
    explicit JsonScanner(std::string_view text)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

    /// The next byte, or NUL, which begins nothing, at the end.
    char peek() const { return at_ == end_ ? '\0' : *at_; }
    bool is_at_end() const { return at_ == end_; }
    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    /// Blanks skipped so far.
    std::size_t blanks() const { return blanks_; }

    void skip_blanks() {
        if (at_ != end_ && *at_ <= ' ') skip_all_blanks();
    }
    /// A string; the next byte is its opening quote.
    bool text(JsonText& into);
    /// Any value; the next byte is its first. `depth` containers stand open around it.
    bool value(std::size_t depth);
    /// An object, member by member; the next byte is its opening brace, and `depth` containers
    /// stand open around it. `on_member` gets the key and must consume the value that follows.
    template <class OnMember>
    bool members(std::size_t depth, const OnMember& on_member);

  private:
    void skip_all_blanks();
    bool take(char expected) {
        if (peek() != expected) return false;
        ++at_;
        return true;
    }
    bool key(JsonText& into);
    bool scalar();
    bool literal(std::string_view word);
    bool number();
    bool digits();
    bool escape();
    bool hex4(std::uint32_t& into);
    bool container(std::size_t depth);
    bool next_in(char closer);
    bool go_on(std::span<const char> closers, std::size_t& open);

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t blanks_ = 0;
};

template <class OnMember>
bool JsonScanner::members(std::size_t depth, const OnMember& on_member) {
    if (depth >= kJsonDepthMax || !take('{')) return false;
    skip_blanks();
    if (take('}')) return true;
    JsonText name;
    if (!key(name)) return false;
    while (true) {
        if (!on_member(name)) return false;
        skip_blanks();
        if (take('}')) return true;
        if (!take(',')) return false;
        skip_blanks();
        if (!key(name)) return false;
    }
}

}  // namespace trueup::codex
