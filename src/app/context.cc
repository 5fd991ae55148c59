#include "app/context.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {

Context::Context(World world, GlobalOptions options)
    : world_(std::move(world)), options_(std::move(options)) {}

void Context::warn(std::string_view sentence) const {
    err().write(codex::tr(codex::Text::CliWarning, printable(sentence)) + "\n");
}

void Context::say(std::string_view sentence) const {
    if (is_quiet() || is_json()) return;
    err().write(fmt::format("{}\n", printable(sentence)));
}

term::Styles Context::out_styles() const {
    return term::Styles(term::wants_color(options_.color, *world_.out, world_.environment));
}

term::TableOptions Context::table_options() const {
    return {.width = world_.out->is_tty() ? world_.out->width() : 0, .styles = out_styles()};
}

bool Context::is_unicode() const { return term::wants_unicode(world_.environment); }

std::string Context::human_time(UnixMicros time) const {
    return trueup::human_time(time, options_.is_utc);
}

std::unique_ptr<core::ProgressSink> Context::progress_sink() const {
    switch (options_.progress) {
        case ProgressMode::Json: return core::json_progress(err(), clock());
        case ProgressMode::None: return core::no_progress();
        case ProgressMode::Auto: break;
    }
    if (is_quiet()) return core::no_progress();
    if (err().is_tty()) {
        const bool is_colored = term::wants_color(options_.color, err(), world_.environment);
        return core::terminal_progress(err(), clock(),
                                       {.is_unicode = is_unicode(), .is_colored = is_colored});
    }
    return is_json() ? core::no_progress() : core::line_progress(err(), clock());
}

}  // namespace trueup::app
