#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "codex/home/meta_line.h"
#include "json/json.h"

namespace trueup::codex {
namespace {

std::string blanks() { return *rc::gen::element<std::string>("", "", "", " ", "\t", "  ", " \r "); }

/// A JSON string of `text`, spelled with or without needless escapes.
std::string spelled(const std::string& text) {
    if (*rc::gen::inRange(0, 4) != 0 || text.empty()) return json_string(text);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) return json_string(text);
        out += "\\u00";
        out += {kDigits[byte / 16], kDigits[byte % 16]};
    }
    return out + "\"";
}

std::string random_value(int depth);

std::string joined(char opening, const std::vector<std::string>& parts, char closing) {
    std::string out(1, opening);
    out += blanks();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += "," + blanks();
        out += parts[i] + blanks();
    }
    return out + closing;
}

std::string member(const std::string& key, const std::string& value) {
    return spelled(key) + blanks() + ":" + blanks() + value;
}

std::string random_value(int depth) {
    const int kind = *rc::gen::inRange(0, depth > 0 ? 5 : 3);
    if (kind == 0)
        return spelled(*rc::gen::element<std::string>("", "a b", "{\"}", "\u00e9\n", "x"));
    if (kind == 1)
        return *rc::gen::element<std::string>("0", "-1.50e-3", "12345678901234567890.10");
    if (kind == 2) return *rc::gen::element<std::string>("true", "false", "null");
    std::vector<std::string> parts;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
        const std::string value = random_value(depth - 1);
        parts.push_back(kind == 3 ? value : member("k" + std::to_string(i), value));
    }
    return kind == 3 ? joined('[', parts, ']') : joined('{', parts, '}');
}

std::vector<std::string> shuffled(std::vector<std::string> parts) {
    for (std::size_t i = parts.size(); i > 1; --i) {
        std::swap(parts[i - 1], parts[*rc::gen::inRange<std::size_t>(0, i)]);
    }
    return parts;
}

std::string random_provider() {
    return *rc::gen::oneOf(
        rc::gen::element<std::string>("openai", "vm", "", "a b\t", "\"\\", "\u00e9\U0001F600"),
        rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)));
}

std::string random_payload(bool has_id) {
    std::vector<std::string> parts;
    if (has_id) parts.push_back(member("id", "\"t\""));
    const int providers = *rc::gen::element(0, 1, 1, 1, 2);
    for (int i = 0; i < providers; ++i) {
        const bool is_text = *rc::gen::inRange(0, 4) != 0;
        parts.push_back(
            member("model_provider", is_text ? spelled(random_provider()) : random_value(2)));
    }
    if (*rc::gen::arbitrary<bool>()) parts.push_back(member("history_mode", "\"paginated\""));
    if (*rc::gen::arbitrary<bool>()) parts.push_back(member("base", random_value(3)));
    return joined('{', shuffled(parts), '}');
}

std::string random_line() {
    std::vector<std::string> parts = {member("payload", random_payload(true)),
                                      member("type", spelled("session_meta"))};
    if (*rc::gen::arbitrary<bool>()) parts.push_back(member("other", random_value(3)));
    parts = shuffled(parts);
    // A payload that does not count, because another one follows.
    if (*rc::gen::inRange(0, 4) == 0) {
        parts.insert(parts.begin(), member("payload", random_payload(false)));
    }
    const std::string end(*rc::gen::inRange<std::size_t>(0, 12), ' ');
    return blanks() + joined('{', parts, '}') + end;
}

/// The line without blanks between tokens and without its values; '#' stands where the provider has
/// to be put.
std::string bones(std::string_view line, const MetaLine& meta) {
    std::string out;
    bool is_in_text = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (meta.is_missing && i == meta.insert_at) out += '#';
        const auto value = std::ranges::find(meta.values, i, &Slice::offset);
        if (value != meta.values.end()) {
            i += value->length - 1;
            continue;
        }
        const char c = line[i];
        if (!is_in_text && std::string_view(" \t\r\n").find(c) != std::string_view::npos) continue;
        out += c;
        if (c == '"') is_in_text = !is_in_text;
        if (is_in_text && c == '\\') out += line[++i];
    }
    return out;
}

TEST(MetaLineProperty, ReadsWhatAnotherParserReads) {
    rc::check([] {
        const std::string line = random_line();
        const ParsedLine parsed = parse_line(line);
        RC_ASSERT(parsed.kind == LineKind::Meta);
        const json::Value payload = json::Value::parse(line)["payload"];
        RC_ASSERT(parsed.meta.thread_id == payload["id"].get<std::string>());
        RC_ASSERT(parsed.meta.is_missing == !payload.contains("model_provider"));
        const bool is_text = !parsed.meta.is_missing && payload["model_provider"].is_string();
        RC_ASSERT(parsed.meta.provider.has_value() == is_text);
        if (is_text)
            RC_ASSERT(*parsed.meta.provider == payload["model_provider"].get<std::string>());
        RC_ASSERT(parsed.meta.is_paginated == payload.contains("history_mode"));
        for (const Slice& value : parsed.meta.values) {
            RC_ASSERT(json::Value::accept(line.substr(value.offset, value.length)));
        }
    });
}

TEST(MetaLineProperty, OnlyTheProviderChanges) {
    rc::check([] {
        const std::string line = random_line();
        const std::string provider = random_provider();
        const auto padding = *rc::gen::inRange<std::uint32_t>(0, 40);
        const MetaLine meta = parse_line(line).meta;
        const LineEdit edit = with_provider(line, meta, provider, padding).value();

        auto before = json::Value::parse(line);
        auto after = json::Value::parse(edit.line);
        RC_ASSERT(after["payload"]["model_provider"].get<std::string>() == provider);
        before["payload"].erase("model_provider");
        after["payload"].erase("model_provider");
        RC_ASSERT(after == before);

        const ParsedLine now = parse_line(edit.line);
        RC_ASSERT(now.kind == LineKind::Meta);
        RC_ASSERT(now.meta.provider == provider);
        RC_ASSERT(!now.meta.has_split_providers);
        std::string want = bones(line, meta);
        if (const auto gap = want.find('#'); meta.is_missing) {
            want.replace(gap, 1,
                         meta.is_payload_empty ? "\"model_provider\":" : "\"model_provider\":,");
        }
        RC_ASSERT(bones(edit.line, now.meta) == want);
    });
}

TEST(MetaLineProperty, LengthsFollowTheRoom) {
    rc::check([] {
        const std::string line = random_line();
        const std::string provider = random_provider();
        const auto padding = *rc::gen::inRange<std::uint32_t>(0, 40);
        const MetaLine meta = parse_line(line).meta;
        const LineEdit edit = with_provider(line, meta, provider, padding).value();
        RC_ASSERT(edit.is_grown == !has_room_for(meta, provider));
        const MetaLine now = parse_line(edit.line).meta;
        if (edit.is_grown) {
            RC_ASSERT(edit.line.size() > line.size());
            RC_ASSERT(now.blanks_at_end == padding);
            RC_ASSERT(now.blanks_inside == meta.blanks_inside);
        } else {
            RC_ASSERT(edit.line.size() == line.size());
            // Nothing is taken from between tokens while there is something at the end.
            RC_ASSERT(now.blanks_at_end == 0 || now.blanks_inside == meta.blanks_inside);
        }
        // Done twice it is what it was done once.
        const LineEdit again = with_provider(edit.line, now, provider, padding).value();
        RC_ASSERT(again.line == edit.line);
        RC_ASSERT(!again.is_grown);
    });
}

TEST(MetaLineProperty, AnyBytesAreSafe) {
    rc::check([] {
        std::string line = random_line();
        const int damages = *rc::gen::inRange(1, 4);
        for (int i = 0; i < damages; ++i) {
            line[*rc::gen::inRange<std::size_t>(0, line.size())] = *rc::gen::arbitrary<char>();
        }
        const ParsedLine parsed = parse_line(line);
        RC_ASSERT(parsed.error_at <= line.size());
        // The judge takes a NUL for the end.
        if (line.find('\0') != std::string::npos) return;
        RC_ASSERT((parsed.kind == LineKind::NotJson) == !json::Value::accept(line));
        if (parsed.kind != LineKind::Meta) return;
        RC_ASSERT(with_provider(line, parsed.meta, "openai", 0).has_value());
    });
}

}  // namespace
}  // namespace trueup::codex
