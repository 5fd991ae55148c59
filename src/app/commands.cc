#include "app/commands.h"

namespace trueup::app {

Commands all_commands() {
    using codex::Text;
    return {.groups = {{.name = "extract", .summary = Text::GroupExtract},
                       {.name = "codex",
                        .summary = Text::GroupCodex,
                        .about = Text::AboutCodex,
                        .is_translated = true,
                        .has_codex_options = true},
                       {.name = "codex service",
                        .summary = Text::GroupService,
                        .is_translated = true,
                        .has_codex_options = true}},
            .commands = {extract_init_command(),
                         extract_doctor_command(),
                         extract_check_command(),
                         extract_run_command(),
                         extract_reconcile_command(),
                         extract_repair_command(),
                         extract_validate_command(),
                         extract_status_command(),
                         extract_journal_command(),
                         extract_reset_command(),
                         extract_gc_command(),
                         extract_schema_command(),
                         codex_status_command(),
                         codex_check_command(),
                         codex_sync_command(),
                         codex_switch_command(),
                         codex_undo_command(),
                         codex_list_command(),
                         codex_history_command(),
                         codex_prune_command(),
                         codex_prepare_command(),
                         codex_restore_original_command(),
                         codex_watch_command(),
                         codex_service_print_command(),
                         codex_service_install_command(),
                         codex_service_uninstall_command(),
                         codex_service_status_command(),
                         version_command()}};
}

}  // namespace trueup::app
