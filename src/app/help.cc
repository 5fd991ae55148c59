#include "app/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "codex/text/text.h"
#include "term/text_width.h"

namespace trueup::app {
namespace {

using codex::Text;
using codex::tr;

constexpr int kNamesWidth = 30;  // Of options and commands, as the library lays them out.
constexpr int kHelpWidth = 100 - kNamesWidth;

/// Bytes of the UTF-8 character at the start of `text`; malformed bytes count one each.
std::size_t character_bytes(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return std::min(bytes, text.size());
}

/// A mark that belongs to what stands before it.
bool is_closing(std::string_view character) {
    constexpr std::array<std::string_view, 9> kMarks = {"，", "。", "；", "：", "）",
                                                        "”",  "！", "？", "、"};
    return std::ranges::find(kMarks, character) != kMarks.end();
}

bool is_opening(std::string_view character) { return character == "（" || character == "“"; }

/// Where the first piece of `text` ends that must stay on one line: a word with the blanks behind
/// it, or a wide character with the marks that belong to it.
std::size_t piece_bytes(std::string_view text) {
    std::size_t end = 0;
    bool is_open = true;  // Something has to follow.
    while (end < text.size()) {
        const std::string_view character = text.substr(end, character_bytes(text.substr(end)));
        const bool is_wide = term::display_width(character) == 2;
        const bool follows = is_open || is_closing(character);
        if (is_wide && !follows) break;
        end += character.size();
        if (character == " ") break;
        const std::string_view rest = text.substr(end);
        const bool is_before_wide =
            !rest.empty() && term::display_width(rest.substr(0, character_bytes(rest))) == 2;
        is_open = is_opening(character) || (!is_wide && !is_before_wide);
    }
    while (end < text.size() && text[end] == ' ') ++end;
    return end;
}

std::string_view without_blanks_behind(std::string_view text) {
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

void add_wrapped(std::string& out, std::string_view line, int width) {
    std::string now;
    while (!line.empty()) {
        const std::string_view piece = line.substr(0, piece_bytes(line));
        const std::string next = now + std::string(piece);
        if (!now.empty() && term::display_width(without_blanks_behind(next)) > width) {
            out += without_blanks_behind(now);
            out += '\n';
            now.clear();
        }
        now += piece;
        line.remove_prefix(piece.size());
    }
    out += without_blanks_behind(now);
}

/// Names no commands in the usage of one that has only hidden ones.
class OurFormatter final : public CLI::Formatter {
  public:
    std::string make_usage(const CLI::App* app, std::string name) const override {
        std::string usage = CLI::Formatter::make_usage(app, std::move(name));
        const auto is_shown = [](const CLI::App* one) { return !one->get_group().empty(); };
        if (!app->get_subcommands(is_shown).empty()) return usage;
        const std::string mark = fmt::format(" [{}]", get_label("SUBCOMMAND"));
        const std::size_t at = usage.rfind(mark);
        if (at != std::string::npos) usage.erase(at, mark.size());
        return usage;
    }
};

}  // namespace

std::string wrapped(std::string_view text, int width) {
    std::string out;
    for (std::size_t at = 0;;) {
        const std::size_t end = text.find('\n', at);
        add_wrapped(out, text.substr(at, end - at), width);
        if (end == std::string_view::npos) return out;
        out += '\n';
        at = end + 1;
    }
}

std::string wrapped_help(std::string_view text) { return wrapped(text, kHelpWidth); }

std::string help_text(Text text) { return wrapped_help(codex::words_of(text)); }

void use_our_words(CLI::App& root) {
    const auto formatter = std::make_shared<OurFormatter>();
    formatter->column_width(kNamesWidth);
    formatter->label("Usage", tr(Text::CliUsage));
    formatter->label("OPTIONS", tr(Text::CliOptionsMark));
    formatter->label("SUBCOMMAND", tr(Text::CliCommandMark));
    formatter->label("SUBCOMMANDS", tr(Text::CliCommandMark));
    formatter->label("Positionals", tr(Text::CliPositionals));
    formatter->label("REQUIRED", tr(Text::CliRequired));
    formatter->label("Needs", tr(Text::CliNeeds));
    formatter->label("Excludes", tr(Text::CliExcludes));
    root.formatter(formatter);
    root.option_defaults()->group(tr(Text::CliOptions));
    root.set_help_flag("-h,--help", tr(Text::CliHelp));
    root.group(tr(Text::CliCommands));
}

}  // namespace trueup::app
