#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "app/codex_job.h"
#include "app/codex_service.h"
#include "app/commands.h"
#include "app/help.h"
#include "app/view.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::Platform;
using codex::Text;
using codex::tr;

constexpr Platform kHere = Platform::Linux;

struct PrintOptions : WatchFlags {
    Platform platform = kHere;
};

void print_flags(CLI::App& app, PrintOptions& options) {
    const auto take = [&options](const std::string& text) {
        const auto platform = codex::platform_of(text);
        if (!platform) throw CLI::ValidationError("--platform", tr(Text::BadPlatform, text));
        options.platform = *platform;
    };
    app.add_option_function<std::string>("--platform", take, help_text(Text::OptPlatform))
        ->type_name("PLATFORM");
    watch_flags(app, options);
}

/// The home may be on another machine: one that is named need not be there.
Result<codex::CodexHome> named_home(const PrintOptions& options, const Context& context) {
    auto home = open_codex_home(options, context);
    if (home || !options.home) return home;
    std::error_code failed;
    const std::string path = std::filesystem::absolute(*options.home, failed).string();
    return codex::CodexHome{.path = path, .canonical = path};
}

Result<core::Verdict> run_print(const PrintOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex service print"));
    const codex::CodexHome home = TRY(named_home(options, context));
    const auto spec = TRY(to_service(options, home, context));
    const auto file = TRY(codex::service_file(spec, options.platform, context.environment()));
    if (context.is_json()) {
        print_json(context, {{"schema", "trueup.codex.service/1"},
                             {"platform", name_of(options.platform)},
                             {"path", file.path},
                             {"content", file.content}});
        return core::Verdict::Clean;
    }
    context.say(tr(Text::ServiceBelongsTo, file.path));
    context.out().write(file.content);
    return core::Verdict::Clean;
}

}  // namespace

Command codex_service_print_command() {
    Command out = command<PrintOptions>({"codex service", "print", Text::CmdServicePrint},
                                        Needs::Nothing, print_flags, run_print);
    out.hidden_names = {"codex print-service-config", "codex print-plist"};
    return out;
}

}  // namespace trueup::app
