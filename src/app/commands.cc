#include "app/commands.h"

namespace trueup::app {

Commands all_commands() { return {.groups = {}, .commands = {version_command()}}; }

}  // namespace trueup::app
