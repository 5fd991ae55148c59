#pragma once

#include "app/command.h"

/// One function per command, each in its own cmd_<group>_<name>.cc.
namespace trueup::app {

Command version_command();

Command extract_check_command();
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
