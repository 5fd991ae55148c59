// A line of a rollout, from anywhere: another parser agrees on what is JSON, and a provider can be
// put into every meta record without changing what else the line says.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codex/home/meta_line.h"
#include "json/json.h"

namespace {

using trueup::codex::LineEdit;
using trueup::codex::LineKind;
using trueup::codex::MetaLine;
using trueup::codex::ParsedLine;
using Document = trueup::json::Value;

/// Whether the other parser judges by the same rules: it refuses numbers beyond a double, skips a
/// byte order mark, takes a NUL for the end, and goes to any depth.
bool can_judge(std::string_view line) {
    constexpr std::size_t kDigitsMax = 300;
    constexpr std::ptrdiff_t kDepthMax = 128;
    const auto opens = [](char c) { return c == '[' || c == '{'; };
    if (std::ranges::count_if(line, opens) > kDepthMax) return false;
    if (line.find('\0') != std::string_view::npos) return false;
    std::size_t digits = 0;
    for (const char c : line) {
        if (digits > 0 && (c == 'e' || c == 'E')) return false;
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits > kDigitsMax) return false;
    }
    return !line.starts_with("\xEF\xBB\xBF");
}

void check_edit(std::string_view line, const MetaLine& meta, std::string_view provider) {
    const LineEdit edit = trueup::codex::with_provider(line, meta, provider, 3).value();
    CHECK(edit.is_grown == (edit.line.size() > line.size()));
    const bool keeps_length = edit.line.size() == line.size();
    CHECK(edit.is_grown || keeps_length);
    CHECK(edit.is_grown != trueup::codex::has_room_for(meta, provider));

    const ParsedLine now = trueup::codex::parse_line(edit.line);
    CHECK(now.kind == LineKind::Meta);
    CHECK(now.meta.provider == provider);
    CHECK(!now.meta.has_split_providers);
    CHECK(now.meta.thread_id == meta.thread_id);
    CHECK(now.meta.cwd == meta.cwd);
    CHECK(now.meta.is_paginated == meta.is_paginated);
    CHECK(trueup::codex::with_provider(edit.line, now.meta, provider, 3).value().line == edit.line);
}

void check_document(std::string_view line, const MetaLine& meta) {
    Document before = Document::parse(line);
    Document after =
        Document::parse(trueup::codex::with_provider(line, meta, "vm", 0).value().line);
    CHECK(before["payload"]["id"] == meta.thread_id);
    CHECK(after["payload"]["model_provider"] == "vm");
    before["payload"].erase("model_provider");
    after["payload"].erase("model_provider");
    CHECK(before == after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const ParsedLine parsed = trueup::codex::parse_line(line);
    CHECK(parsed.error_at <= size);
    if (can_judge(line)) CHECK((parsed.kind != LineKind::NotJson) == Document::accept(line));
    if (parsed.kind == LineKind::Meta) {
        CHECK(!parsed.meta.thread_id.empty());
        CHECK(parsed.meta.length == size);
        CHECK(parsed.meta.values.empty() ? parsed.meta.is_missing : true);
        check_edit(line, parsed.meta, "vm");
        check_edit(line, parsed.meta, "a provider with a \"rather\" long name\n");
        if (can_judge(line)) check_document(line, parsed.meta);
    }
    return 0;
}
