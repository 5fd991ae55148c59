#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_view.h"
#include "extract/config/schema.h"

namespace trueup::app {
namespace {

struct SchemaOptions {};

void schema_flags(CLI::App& /*app*/, SchemaOptions& /*options*/) {}

Result<core::Verdict> run_schema(const SchemaOptions& /*options*/, Context& context) {
    print_json(context, extract::config_schema());
    return core::Verdict::Clean;
}

}  // namespace

Command extract_schema_command() {
    return command<SchemaOptions>(
        {"extract", "schema", "Print the JSON Schema of the configuration, for editors"},
        Needs::Nothing, schema_flags, run_schema);
}

}  // namespace trueup::app
