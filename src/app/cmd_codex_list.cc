#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/codex_job.h"
#include "app/codex_threads.h"
#include "app/codex_view.h"
#include "app/codex_words.h"
#include "app/commands.h"
#include "app/help.h"
#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::counted;
using codex::Noun;
using codex::Text;
using codex::tr;
using term::Style;

constexpr std::int64_t kShownDefault = 50;
constexpr std::int64_t kShownMax = 10'000'000;

struct ListOptions : CodexOptions {
    SelectionOptions selection;
    bool only_mismatched = false;
    bool only_problems = false;
    /// Not given: kShownDefault for people, all in JSON.
    NumberOption shown_max{"-l,--last", 1, kShownMax, {}};
};

void list_flags(CLI::App& app, ListOptions& options) {
    app.add_flag("--mismatched", options.only_mismatched, help_text(Text::OptMismatched));
    app.add_flag("--problems", options.only_problems, help_text(Text::OptProblems));
    number_flag(app, options.shown_max, tr(Text::OptLast, kShownDefault));
    selection_flags(app, options.selection);
}

Result<std::vector<ThreadItem>> gather(const ListOptions& options, const Context& context) {
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const codex::Settings settings = TRY(open_settings(home, options, context));
    const LookOptions how{.stores = options.stores(), .rows = codex::RowDetail::Full};
    const codex::Inventory inventory = TRY(look_at(home, settings, how, context));
    const codex::Plan plan =
        TRY(plan_for(inventory, selected(options.selection, context), context));
    for (const codex::StoreView& view : inventory.stores) {
        if (view.problem) context.warn(view.problem->message);
    }
    std::vector<ThreadItem> items = list_threads(inventory, plan);
    std::erase_if(items, [&options](const ThreadItem& item) {
        return (options.only_mismatched && !item.is_mismatched) ||
               (options.only_problems && !item.has_problem());
    });
    return items;
}

std::string notes_of(const ThreadItem& item) {
    std::vector<std::string> notes;
    const auto add = [&notes](bool is_so, std::string note) {
        if (is_so && !note.empty()) notes.push_back(std::move(note));
    };
    add(item.is_archived, tr(Text::NoteArchived));
    add(item.stores.empty(), tr(Text::NoteNoRow));
    add(item.is_paginated, tr(Text::NotePaginated));
    add(item.is_compressed, tr(Text::NoteCompressed));
    add(true, word_of(item.problem));
    const bool is_stuck =
        item.action == codex::Action::Blocked || item.action == codex::Action::Bad;
    add(is_stuck && item.problem == codex::RolloutProblem::None, word_of(item.reason));
    return listed(notes);
}

std::string providers_text(const ThreadItem& item) {
    std::vector<std::string> providers;
    providers.reserve(item.providers.size());
    for (const std::string& one : item.providers) {
        providers.push_back(one.empty() ? provider_text(std::nullopt) : one);
    }
    return listed(providers);
}

void print_threads(const Context& context, const std::vector<ThreadItem>& items,
                   std::size_t shown) {
    term::Table table({{tr(Text::ColUpdated), term::Align::Left, false},
                       {tr(Text::ColProvider)},
                       {tr(Text::ColTitle)},
                       {tr(Text::ColFolder)},
                       {tr(Text::ColSize), term::Align::Right, false},
                       {tr(Text::ColThread), term::Align::Left, false},
                       {tr(Text::ColNotes)}});
    for (std::size_t i = 0; i < shown; ++i) {
        const ThreadItem& item = items[i];
        table.add_row({{item.updated_at ? context.human_time(*item.updated_at) : "?", Style::Faint},
                       {providers_text(item), item.is_mismatched ? Style::Warning : Style::Good},
                       {item.title},
                       {item.cwd, Style::Faint},
                       {human_bytes(item.bytes)},
                       {item.id},
                       {notes_of(item), item.has_problem() ? Style::Warning : Style::Plain}});
    }
    context.out().write(table.render(context.table_options()));
}

Result<core::Verdict> run_list(const ListOptions& options, Context& context) {
    const std::vector<ThreadItem> items = TRY(gather(options, context));
    const auto all = std::ssize(items);
    const std::int64_t most =
        options.shown_max.value.value_or(context.is_json() ? all : kShownDefault);
    const auto shown = std::min<std::int64_t>(all, most);
    if (context.is_json()) {
        json::Value threads = json::Value::array();
        for (std::int64_t i = 0; i < shown; ++i) {
            threads.push_back(to_json(items[static_cast<std::size_t>(i)]));
        }
        print_json(context,
                   {{"schema", "trueup.codex.list/1"}, {"all", all}, {"threads", threads}});
        return core::Verdict::Clean;
    }
    if (items.empty()) {
        print_verdict(context, Style::Plain, tr(Text::ListNone));
        return core::Verdict::Clean;
    }
    print_threads(context, items, static_cast<std::size_t>(shown));
    if (shown < all) {
        context.say(tr(Text::ListShown, grouped(shown), counted(all, Noun::Thread)));
    }
    return core::Verdict::Clean;
}

}  // namespace

Command codex_list_command() {
    return command<ListOptions>({"codex", "list", Text::CmdList}, Needs::Nothing, list_flags,
                                run_list);
}

}  // namespace trueup::app
