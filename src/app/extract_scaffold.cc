#include "app/extract_scaffold.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace trueup::app {
namespace {

/// An export's name may have 100 bytes; some are left to tell twins apart.
constexpr std::size_t kNameBytesMax = 90;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string identifier_text(std::string_view name) {
    const bool is_word =
        !name.empty() && is_letter(name.front()) &&
        std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
    if (is_word) return std::string(name);
    std::string quoted = "\"";
    for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + "\"";
}

/// Words that YAML takes for something else than a text.
bool is_yaml_word(std::string_view text) {
    static const std::set<std::string, std::less<>> words = {"true", "false", "yes", "no", "on",
                                                             "off",  "null",  "y",   "n"};
    return words.contains(lower_ascii(text));
}

std::string file_name_of(const extract::TableName& table) {
    std::string name = table.schema.empty() ? table.name : table.schema + "_" + table.name;
    for (char& c : name) {
        if (!is_letter(c) && !is_digit(c) && c != '-') c = '_';
    }
    return name.substr(0, kNameBytesMax);
}

/// One line, whatever the text holds.
std::string comment(std::string_view text) {
    std::string line = printable(text);
    std::ranges::replace(line, '\n', ' ');
    return line;
}

}  // namespace

bool is_writable(std::string_view text) {
    return !invalid_utf8_at(text) && !text.contains("${") && !text.contains('\0');
}

std::string yaml_scalar(std::string_view text) {
    const bool is_plain =
        !text.empty() && is_letter(text.front()) && !is_yaml_word(text) &&
        std::ranges::all_of(text, [](char c) {
            return is_letter(c) || is_digit(c) || c == '.' || c == '/' || c == '-';
        });
    if (is_plain) return std::string(text);
    const bool has_control = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
    std::string out = has_control ? "\"" : "'";
    for (const char c : text) {
        if (!has_control) {
            out.append(c == '\'' ? 2 : 1, c);
        } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
            out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
        } else if (c == '"' || c == '\\') {
            out.append({'\\', c});
        } else {
            out += c;
        }
    }
    return out + (has_control ? "\"" : "'");
}

std::string table_text(const extract::TableName& table) {
    const std::string name = identifier_text(table.name);
    return table.schema.empty() ? name : identifier_text(table.schema) + "." + name;
}

void name_exports(std::vector<ScaffoldTable>& tables) {
    std::set<std::string> taken;
    for (ScaffoldTable& one : tables) {
        const std::string base = file_name_of(one.table);
        one.export_name = base;
        for (int number = 2; !taken.insert(lower_ascii(one.export_name)).second; ++number) {
            one.export_name = fmt::format("{}_{}", base, number);
        }
    }
}

std::string scaffold_yaml(const Scaffold& scaffold) {
    std::string text = fmt::format(
        "# Written by \"trueup extract init\". \"trueup extract check\" shows what a "
        "run would do.\n"
        "source:\n  type: {}\n",
        name_of(scaffold.engine));
    for (const auto& [key, value, is_number] : scaffold.source) {
        text += fmt::format("  {}: {}\n", key, is_number ? value : yaml_scalar(value));
    }
    if (!scaffold.tls.empty()) text += "  tls:\n";
    for (const SourceKey& one : scaffold.tls) {
        text += fmt::format("    {}: {}\n", one.key, yaml_scalar(one.value));
    }
    text += "\nexports:\n";
    bool is_first = true;
    for (const ScaffoldTable& one : scaffold.tables) {
        if (!is_first) text += "\n";
        is_first = false;
        for (const std::string& note : one.notes) text += fmt::format("  # {}\n", comment(note));
        text += fmt::format(
            "  - name: {}\n    table: {}\n    format: parquet\n    destination:\n"
            "      type: local\n      path: './out/{{export}}'\n",
            yaml_scalar(one.export_name), yaml_scalar(table_text(one.table)));
    }
    return text;
}

}  // namespace trueup::app
