#include "codex/home/meta_scan.h"

#include <limits>

namespace trueup::codex {
namespace {

class Scanner {
  public:
    explicit Scanner(std::string_view line) : json_(line) {}

    LineScan scan() {
        if (root()) {
            const std::size_t inside = json_.blanks();
            json_.skip_blanks();
            found_.is_json = json_.is_at_end();
            found_.blanks_at_end = narrow(json_.blanks() - inside);
            found_.blanks_inside = narrow(inside - blanks_in_values_);
        }
        found_.error_at = found_.is_json ? 0 : json_.position();
        found_.is_meta = found_.is_json && is_meta_type_ && has_payload_ && found_.payload.id &&
                         !found_.payload.id->raw.empty();
        found_.has_split_values = has_split_values_ || (!found_.values.empty() && has_payload_ &&
                                                        !found_.payload.has_provider);
        return std::move(found_);
    }

  private:
    static constexpr std::size_t kRootDepth = 1;  // Containers open around a member of the root.
    static constexpr std::size_t kPayloadDepth = 2;

    static std::uint32_t narrow(std::size_t size) { return static_cast<std::uint32_t>(size); }

    bool root() {
        json_.skip_blanks();
        if (json_.peek() != '{') return json_.value(0);
        return json_.members(0, [this](const JsonText& key) { return root_member(key); });
    }

    bool root_member(const JsonText& key) {
        if (key.means("type")) {
            std::optional<JsonText> type;
            if (!text_or_other(type, kRootDepth)) return false;
            is_meta_type_ = type && type->means("session_meta");
            return true;
        }
        if (!key.means("payload")) return json_.value(kRootDepth);
        has_payload_ = json_.peek() == '{';
        return has_payload_ ? payload() : json_.value(kRootDepth);
    }

    bool payload() {
        found_.payload = {.is_empty = true, .insert_at = narrow(json_.position() + 1)};
        return json_.members(kRootDepth, [this](const JsonText& key) {
            found_.payload.is_empty = false;
            return payload_member(key);
        });
    }

    bool payload_member(const JsonText& key) {
        PayloadScan& payload = found_.payload;
        if (key.means("model_provider")) return provider();
        if (key.means("id")) return text_or_other(payload.id, kPayloadDepth);
        if (key.means("history_mode")) return text_or_other(payload.history_mode, kPayloadDepth);
        if (key.means("cwd")) return text_or_other(payload.cwd, kPayloadDepth);
        return json_.value(kPayloadDepth);
    }

    bool provider() {
        const std::size_t start = json_.position();
        const std::size_t blanks = json_.blanks();
        std::optional<JsonText> text;
        if (!text_or_other(text, kPayloadDepth)) return false;
        blanks_in_values_ += json_.blanks() - blanks;
        if (found_.values.empty()) {
            first_value_ = text;
        } else if (!text || !first_value_ || !text->means_same(*first_value_)) {
            has_split_values_ = true;
        }
        found_.values.push_back({narrow(start), narrow(json_.position() - start)});
        found_.payload.provider = text;
        found_.payload.has_provider = true;
        return true;
    }

    /// Any value; kept when it is a string.
    bool text_or_other(std::optional<JsonText>& into, std::size_t depth) {
        into.reset();
        if (json_.peek() != '"') return json_.value(depth);
        return json_.text(into.emplace());
    }

    JsonScanner json_;
    LineScan found_;
    bool is_meta_type_ = false;
    bool has_payload_ = false;  // The last one is an object.
    bool has_split_values_ = false;
    std::optional<JsonText> first_value_;
    std::size_t blanks_in_values_ = 0;
};

}  // namespace

LineScan scan_line(std::string_view line) {
    // Positions are kept in 32 bits. No such line is ever read; kMetaLineBytesMax is far below.
    if (line.size() > std::numeric_limits<std::uint32_t>::max()) return {};
    return Scanner(line).scan();
}

}  // namespace trueup::codex
