#pragma once

#include <string>

#include "app/codex_watch.h"
#include "app/context.h"
#include "base/result.h"
#include "codex/service/definition.h"
#include "codex/service/service.h"
#include "json/json.h"

/// What the commands around the service share.
namespace trueup::app {

/// The service of a home that runs this program.
Result<codex::ServiceSpec> to_service(const WatchFlags& options, const codex::CodexHome& home,
                                      const Context& context);

/// "running (systemd)", for `codex status` and `codex service status`.
std::string service_text(const codex::ServiceStatus& status);
json::Value service_json(const codex::ServiceStatus& status);

}  // namespace trueup::app
