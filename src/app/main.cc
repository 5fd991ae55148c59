#include <unistd.h>

#include <cstdlib>

#include "app/cli.h"
#include "base/signal.h"
#include "term/stream.h"

#ifdef TRUEUP_FAULTS
#include "app/exit_status.h"
#include "base/fault.h"
#endif

// The only code that ends the process.
int main(int argc, char** argv) {
    // NOLINTNEXTLINE(google-build-using-namespace): main has no namespace of its own.
    using namespace trueup;
    watch_signals();
    term::FdStream out(STDOUT_FILENO, "standard output");
    term::FdStream err(STDERR_FILENO, "standard error");
#ifdef TRUEUP_FAULTS
    if (const auto armed = fault::arm_from_environment(); !armed) {
        app::print_error(armed.error(), /*is_json=*/false, err);
        return app::exit_status(std::unexpected(armed.error()), /*signal=*/0);
    }
#endif
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const app::World world{
        .out = &out, .err = &err, .clock = &system_clock(), .environment = [](const char* name) {
            return std::getenv(name);
        }};
    return app::run_cli(words, app::all_commands(), world);
}
