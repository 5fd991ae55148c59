#include "app/commands.h"

namespace trueup::app {

Commands all_commands() {
    return {.groups = {{"extract", "Copy tables out of a database, and prove the copy"}},
            .commands = {extract_run_command(), version_command()}};
}

}  // namespace trueup::app
