#include "app/commands.h"

namespace trueup::app {

Commands all_commands() {
    return {.groups = {{"extract", "Copy tables out of a database, and prove the copy"}},
            .commands = {extract_init_command(), extract_check_command(), extract_run_command(),
                         extract_reconcile_command(), extract_repair_command(),
                         extract_validate_command(), extract_status_command(),
                         extract_journal_command(), extract_reset_command(), extract_gc_command(),
                         extract_schema_command(), version_command()}};
}

}  // namespace trueup::app
