#include "app/exit_status.h"

#include <csignal>
#include <utility>

#include "codex/text/text.h"

namespace trueup::app {
namespace {

int status_of(core::Verdict verdict) {
    switch (verdict) {
        case core::Verdict::Clean: return 0;
        case core::Verdict::Differs: return 3;
        case core::Verdict::Incomplete: return 2;
    }
    std::unreachable();
}

int status_of(ErrorClass kind, int signal) {
    switch (kind) {
        case ErrorClass::Failed: return 1;
        case ErrorClass::Retryable: return 2;
        case ErrorClass::Integrity: return 3;
        case ErrorClass::SchemaChanged: return 4;
        case ErrorClass::Usage: return 64;
        case ErrorClass::Bug: return 70;
        case ErrorClass::Config: return 78;
        case ErrorClass::Interrupted: return 128 + (signal > 0 ? signal : SIGINT);
    }
    std::unreachable();
}

}  // namespace

int exit_status(const Result<core::Verdict>& outcome, int signal) {
    return outcome ? status_of(*outcome) : status_of(outcome.error().kind, signal);
}

std::string exit_status_help() { return codex::tr(codex::Text::CliExitStatus); }

}  // namespace trueup::app
