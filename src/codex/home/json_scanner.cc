#include "codex/home/json_scanner.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace trueup::codex {
namespace {

// Vectors of the compiler's own, so that no processor is named; sixteen bytes are one register
// everywhere.
using Block = signed char __attribute__((vector_size(16)));
using Halves = std::uint64_t __attribute__((vector_size(16)));

/// Index of the first byte that is not zero; there is one.
std::size_t first_set(const Halves& halves) {
    const std::uint64_t word = halves[0] != 0 ? halves[0] : halves[1];
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(word)
                                                                : std::countl_zero(word);
    return static_cast<std::size_t>(bits) / 8 + (halves[0] != 0 ? 0 : 8);
}

bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

/// The first byte of [at, end) that ends a run of plain text in a string: a quote, a backslash or
/// a control character. `has_high` becomes true when there are bytes beyond ASCII before it, and
/// may when there are some soon after.
const char* skip_plain(const char* at, const char* end, bool& has_high) {
    Block seen{};
    const char* stop = nullptr;
    while (stop == nullptr && end - at >= 16) {
        Block block;
        std::memcpy(&block, at, sizeof block);
        seen |= block;
        // As signed bytes, those beyond ASCII are negative.
        const Block stops = (block == '"') | (block == '\\') | ((block < 0x20) & (block >= 0));
        const auto found = std::bit_cast<Halves>(stops);
        if ((found[0] | found[1]) != 0) {
            stop = at + first_set(found);
        } else {
            at += 16;
        }
    }
    const auto signs = std::bit_cast<Halves>(seen);
    if (((signs[0] | signs[1]) & 0x8080808080808080U) != 0) has_high = true;
    if (stop != nullptr) return stop;
    while (at != end && is_plain(*at)) {
        if (static_cast<signed char>(*at) < 0) has_high = true;
        ++at;
    }
    return at;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char short_escape(char c) {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;  // A quote, a backslash or a slash.
    }
}

/// The bytes that the inside of a valid JSON string means, one after the other.
class Decoder {
  public:
    static constexpr int kEnd = -1;
    explicit Decoder(std::string_view raw) : raw_(raw) {}

    int next() {
        if (left_ > 0) return pending_[pending_.size() - left_--];
        if (raw_.empty()) return kEnd;
        const char first = raw_.front();
        raw_.remove_prefix(1);
        if (first != '\\') return static_cast<unsigned char>(first);
        const char kind = raw_.front();
        raw_.remove_prefix(1);
        if (kind != 'u') return static_cast<unsigned char>(short_escape(kind));
        std::uint32_t code = unit();
        if (code >= 0xD800 && code <= 0xDBFF) {
            raw_.remove_prefix(2);  // The scanner has seen the other half there.
            code = 0x10000 + ((code - 0xD800) << 10) + (unit() - 0xDC00);
        }
        return encode(code);
    }

  private:
    std::uint32_t unit() {
        std::uint32_t code = 0;
        for (int i = 0; i < 4; ++i) {
            code = code * 16 + static_cast<std::uint32_t>(hex_digit(raw_.front()));
            raw_.remove_prefix(1);
        }
        return code;
    }
    /// The first byte of the character's UTF-8; the others are kept for next().
    int encode(std::uint32_t code) {
        if (code < 0x80) return static_cast<int>(code);
        left_ = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        for (std::size_t i = 0; i < pending_.size(); ++i) {
            const auto shift = static_cast<std::uint32_t>(6 * (pending_.size() - 1 - i));
            pending_[i] = static_cast<unsigned char>(0x80 | ((code >> shift) & 0x3F));
        }
        const std::uint32_t lead = left_ == 1 ? 0xC0 : left_ == 2 ? 0xE0 : 0xF0;
        return static_cast<int>(lead | (code >> (6 * left_)));
    }

    std::string_view raw_;
    std::array<unsigned char, 3> pending_{};  // The last `left_` of them.
    std::size_t left_ = 0;
};

}  // namespace

bool JsonText::means(std::string_view text) const {
    if (!is_escaped) return raw == text;
    return means_same({.raw = text});
}

bool JsonText::means_same(const JsonText& other) const {
    if (!is_escaped && !other.is_escaped) return raw == other.raw;
    // Only one of them may be read as it stands: a backslash in plain text is a byte like any
    // other.
    Decoder ours(raw);
    if (!other.is_escaped) {
        for (const char c : other.raw) {
            if (ours.next() != static_cast<unsigned char>(c)) return false;
        }
        return ours.next() == Decoder::kEnd;
    }
    if (!is_escaped) return other.means_same(*this);
    Decoder theirs(other.raw);
    while (true) {
        const int byte = ours.next();
        if (byte != theirs.next()) return false;
        if (byte == Decoder::kEnd) return true;
    }
}

std::string JsonText::decoded() const {
    if (!is_escaped) return std::string(raw);
    std::string out;
    Decoder decoder(raw);
    for (int byte = decoder.next(); byte != Decoder::kEnd; byte = decoder.next()) {
        out.push_back(static_cast<char>(byte));
    }
    return out;
}

void JsonScanner::skip_all_blanks() {
    constexpr std::uint64_t kSpaces = 0x2020202020202020U;
    const char* at = at_;
    while (true) {
        std::uint64_t word = 0;
        if (end_ - at >= 8) std::memcpy(&word, at, sizeof word);
        if (word == kSpaces) {  // Padding.
            at += 8;
        } else if (at != end_ && is_blank(*at)) {
            ++at;
        } else {
            break;
        }
    }
    blanks_ += static_cast<std::size_t>(at - at_);
    at_ = at;
}

bool JsonScanner::text(JsonText& into) {
    if (!take('"')) return false;
    const char* const start = at_;
    bool has_high = false;
    into.is_escaped = false;
    while (true) {
        at_ = skip_plain(at_, end_, has_high);
        if (peek() != '\\') break;
        into.is_escaped = true;
        if (!escape()) return false;
    }
    if (peek() != '"') return false;
    into.raw = {start, static_cast<std::size_t>(at_ - start)};
    // A sequence never holds a quote, so the end was found even when the bytes are malformed.
    if (has_high) {
        if (const auto wrong = invalid_utf8_at(into.raw)) {
            at_ = start + *wrong;
            return false;
        }
    }
    ++at_;
    return true;
}

bool JsonScanner::escape() {
    ++at_;
    switch (peek()) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't': ++at_; return true;
        case 'u': break;
        default: return false;
    }
    ++at_;
    std::uint32_t unit = 0;
    if (!hex4(unit)) return false;
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    if (unit > 0xDBFF) return false;  // The second half of a pair, alone.
    return take('\\') && take('u') && hex4(unit) && unit >= 0xDC00 && unit <= 0xDFFF;
}

bool JsonScanner::hex4(std::uint32_t& into) {
    into = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_digit(peek());
        if (digit < 0) return false;
        into = into * 16 + static_cast<std::uint32_t>(digit);
        ++at_;
    }
    return true;
}

bool JsonScanner::key(JsonText& into) {
    if (!text(into)) return false;
    skip_blanks();
    if (!take(':')) return false;
    skip_blanks();
    return true;
}

bool JsonScanner::digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) ++at_;
    return true;
}

bool JsonScanner::number() {
    if (peek() == '-') ++at_;
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() != 'e' && peek() != 'E') return true;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    return digits();
}

bool JsonScanner::literal(std::string_view word) {
    for (const char c : word) {
        if (!take(c)) return false;
    }
    return true;
}

bool JsonScanner::scalar() {
    JsonText ignored;
    switch (peek()) {
        case '"': return text(ignored);
        case 't': return literal("true");
        case 'f': return literal("false");
        case 'n': return literal("null");
        default: return number();
    }
}

bool JsonScanner::value(std::size_t depth) {
    const char first = peek();
    return first == '{' || first == '[' ? container(depth) : scalar();
}

bool JsonScanner::container(std::size_t depth) {
    std::array<char, kJsonDepthMax>
        closers{};  // Of the containers that stand open, outermost first.
    std::size_t open = 0;
    do {
        const char first = peek();
        bool is_behind_value = true;
        if (first == '{' || first == '[') {
            if (depth + open >= kJsonDepthMax) return false;
            const char closer = first == '{' ? '}' : ']';
            closers[open++] = closer;
            ++at_;
            skip_blanks();
            is_behind_value = peek() == closer;  // An empty container ends like one behind a value.
            if (!is_behind_value && !next_in(closer)) return false;
        } else if (!scalar()) {
            return false;
        }
        if (is_behind_value && !go_on(closers, open)) return false;
    } while (open > 0);
    return true;
}

/// To the value of the next member of the container that `closer` ends.
bool JsonScanner::next_in(char closer) {
    JsonText ignored;
    return closer == ']' || key(ignored);
}

/// Behind a value: closes the containers that end here and goes on to the next value of the one
/// that does not.
bool JsonScanner::go_on(std::span<const char> closers, std::size_t& open) {
    while (open > 0) {
        skip_blanks();
        if (take(closers[open - 1])) {
            --open;
            continue;
        }
        if (!take(',')) return false;
        skip_blanks();
        return next_in(closers[open - 1]);
    }
    return true;
}

}  // namespace trueup::codex
