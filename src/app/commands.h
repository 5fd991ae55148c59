#pragma once

#include "app/command.h"

/// One function per command, each in its own cmd_<group>_<name>.cc.
namespace trueup::app {

Command version_command();

Command extract_run_command();

}  // namespace trueup::app
