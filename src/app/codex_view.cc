#include "app/codex_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace trueup::app {

using codex::Text;
using codex::tr;

void print_verdict(const Context& context, term::Style style, std::string_view sentence) {
    context.out().write(context.out_styles()(style, printable(sentence)) + "\n");
}

void print_facts(const Context& context, const std::vector<Fact>& facts) {
    term::Table table({{"", term::Align::Left, false}, {""}});
    for (const Fact& fact : facts) {
        if (fact.value.empty()) continue;
        table.add_row({{std::string(codex::words_of(fact.label)), term::Style::Faint},
                       {fact.value, fact.style}});
    }
    if (table.is_empty()) return;
    term::TableOptions options = context.table_options();
    options.indent = 2;
    options.has_titles = false;
    context.out().write("\n" + table.render(options));
}

void print_next(const Context& context, std::string_view what) {
    if (context.is_quiet()) return;
    const std::string line = printable(tr(Text::Next, what));
    context.out().write("\n" + context.out_styles()(term::Style::Accent, line) + "\n");
}

std::string listed(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, tr(Text::ListComma)));
}

void print_more(const Context& context, std::size_t all) {
    if (all <= kThreadsShownMax) return;
    const auto more = static_cast<std::int64_t>(all - kThreadsShownMax);
    print_line(context, tr(Text::AndMore, grouped(more)));
}

}  // namespace trueup::app
