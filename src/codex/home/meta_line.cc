#include "codex/home/meta_line.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codex/home/meta_scan.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kProviderKey = "\"model_provider\":";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string decoded(const std::optional<JsonText>& text) {
    return text ? text->decoded() : std::string();
}

MetaLine to_meta(LineScan scan, std::size_t length) {
    const PayloadScan& payload = scan.payload;
    MetaLine meta;
    meta.thread_id = payload.id->decoded();
    if (payload.provider) meta.provider = payload.provider->decoded();
    meta.values = std::move(scan.values);
    meta.is_missing = !payload.has_provider;
    meta.insert_at = payload.insert_at;
    meta.is_payload_empty = payload.is_empty;
    meta.has_split_providers = scan.has_split_values;
    meta.length = static_cast<std::uint32_t>(length);
    meta.blanks_at_end = scan.blanks_at_end;
    meta.blanks_inside = scan.blanks_inside;
    meta.is_paginated = payload.history_mode && payload.history_mode->means("paginated");
    meta.cwd = decoded(payload.cwd);
    return meta;
}

/// Whether a line has the bones that `meta` describes.
bool is_of(const LineScan& scan, std::size_t length, const MetaLine& meta) {
    return scan.is_meta && length == meta.length && scan.values == meta.values &&
           scan.payload.insert_at == meta.insert_at &&
           scan.payload.is_empty == meta.is_payload_empty &&
           scan.payload.has_provider != meta.is_missing &&
           scan.blanks_at_end == meta.blanks_at_end && scan.blanks_inside == meta.blanks_inside;
}

std::size_t insertion_length(const MetaLine& meta, std::size_t value_length) {
    if (!meta.is_missing) return 0;
    return kProviderKey.size() + value_length + (meta.is_payload_empty ? 0 : 1);
}

/// Bytes by which the line, blanks at its end left out of account, gets longer; may be negative.
std::int64_t growth(const MetaLine& meta, std::size_t value_length) {
    std::int64_t bytes = static_cast<std::int64_t>(insertion_length(meta, value_length));
    for (const Slice& old : meta.values) {
        bytes += static_cast<std::int64_t>(value_length) - static_cast<std::int64_t>(old.length);
    }
    return bytes;
}

/// The line without the blanks at its end, `value` in the place of each provider.
std::string replaced(std::string_view line, const MetaLine& meta, std::string_view value) {
    std::string out;
    out.reserve(line.size() + insertion_length(meta, value.size()) +
                meta.values.size() * value.size());
    std::size_t copied = 0;
    const auto copy_until = [&](std::size_t end) {
        out.append(line.substr(copied, end - copied));
        copied = end;
    };
    // An insertion stands in the last payload object, which then has no value of its own; all
    // values are in objects before it.
    for (const Slice& old : meta.values) {
        copy_until(old.offset);
        out.append(value);
        copied += old.length;
    }
    if (meta.is_missing) {
        copy_until(meta.insert_at);
        out.append(kProviderKey).append(value);
        if (!meta.is_payload_empty) out.push_back(',');
    }
    copy_until(line.size() - meta.blanks_at_end);
    return out;
}

/// Takes `count` blanks from between the tokens of a JSON text that has as many, the first ones.
void drop_blanks(std::string& json, std::size_t count) {
    bool is_in_text = false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!is_in_text && count > 0 && is_blank(c)) {
            --count;
            continue;
        }
        json[kept++] = c;
        if (c == '"') is_in_text = !is_in_text;
        // An escape: its second character may be a quote.
        if (is_in_text && c == '\\' && i + 1 < json.size()) json[kept++] = json[++i];
    }
    json.resize(kept);
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"': out.append("\\\""); return;
        case '\\': out.append("\\\\"); return;
        case '\b': out.append("\\b"); return;
        case '\f': out.append("\\f"); return;
        case '\n': out.append("\\n"); return;
        case '\r': out.append("\\r"); return;
        case '\t': out.append("\\t"); return;
        default: break;
    }
    if (static_cast<unsigned char>(c) >= 0x20) {
        out.push_back(c);
    } else {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
}

}  // namespace

ParsedLine parse_line(std::string_view line) {
    LineScan scan = scan_line(line);
    ParsedLine parsed;
    if (!scan.is_json) {
        parsed.kind = LineKind::NotJson;
        parsed.error_at = scan.error_at;
    } else if (scan.is_meta) {
        parsed.kind = LineKind::Meta;
        parsed.meta = to_meta(std::move(scan), line.size());
    }
    return parsed;
}

Result<LineEdit> with_provider(std::string_view line, const MetaLine& meta,
                               std::string_view provider, std::uint32_t padding) {
    if (!is_of(scan_line(line), line.size(), meta)) {
        return fail(ErrorClass::Bug, "the line to be changed is not the one that was read");
    }
    if (invalid_utf8_at(provider)) {
        return fail(ErrorClass::Bug,
                    fmt::format("the provider \"{}\" is not UTF-8", printable(provider)));
    }
    const std::string value = json_string(provider);
    LineEdit edit{.line = replaced(line, meta, value)};
    if (edit.line.size() > line.size()) {
        const std::size_t lacking = edit.line.size() - line.size();
        edit.is_grown = lacking > meta.blanks_inside;
        if (edit.is_grown) {
            edit.line.append(padding, ' ');
        } else {
            drop_blanks(edit.line, lacking);
        }
        return edit;
    }
    // What is left of the old blanks stays, as far as there is room; more are spaces.
    edit.line.append(
        line.substr(line.size() - meta.blanks_at_end,
                    std::min<std::size_t>(meta.blanks_at_end, line.size() - edit.line.size())));
    edit.line.resize(line.size(), ' ');
    return edit;
}

bool has_room_for(const MetaLine& meta, std::string_view provider) {
    const std::int64_t room = std::int64_t{meta.blanks_at_end} + meta.blanks_inside;
    return growth(meta, json_string(provider).size()) <= room;
}

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    out.push_back('"');
    for (const char c : text) append_escaped(out, c);
    out.push_back('"');
    return out;
}

}  // namespace trueup::codex
