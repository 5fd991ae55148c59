#include "app/view.h"

#include <fmt/format.h>

#include "base/text.h"

namespace trueup::app {

void print_heading(const Context& context, std::string_view heading) {
    context.out().write(context.out_styles()(term::Style::Strong, printable(heading)) + "\n");
}

void print_table(const Context& context, const term::Table& table) {
    term::TableOptions options = context.table_options();
    options.indent = 2;
    context.out().write("\n" + table.render(options));
}

void print_line(const Context& context, std::string_view line) {
    context.out().write(fmt::format("  {}\n", printable(line)));
}

void print_json(const Context& context, const json::Value& document) {
    context.out().write(json::write(document, 2) + "\n");
}

json::Value json_time(const std::optional<UnixMicros>& time) {
    return time ? json::Value(rfc3339(*time)) : json::Value();
}

}  // namespace trueup::app
