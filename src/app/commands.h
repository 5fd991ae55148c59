#pragma once

#include "app/command.h"

/// One function per command, each in its own cmd_<group>_<name>.cc.
namespace trueup::app {

Command version_command();

Command codex_check_command();
Command codex_history_command();
Command codex_list_command();
Command codex_prepare_command();
Command codex_prune_command();
Command codex_restore_original_command();
Command codex_service_install_command();
Command codex_service_print_command();
Command codex_service_status_command();
Command codex_service_uninstall_command();
Command codex_status_command();
Command codex_switch_command();
Command codex_sync_command();
Command codex_undo_command();
Command codex_watch_command();

Command extract_check_command();
Command extract_doctor_command();
Command extract_gc_command();
Command extract_init_command();
Command extract_journal_command();
Command extract_reconcile_command();
Command extract_repair_command();
Command extract_reset_command();
Command extract_run_command();
Command extract_schema_command();
Command extract_status_command();
Command extract_validate_command();

}  // namespace trueup::app
