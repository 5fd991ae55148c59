#include "app/exit_status.h"

#include <csignal>
#include <utility>

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

std::string_view exit_status_help() {
    return "EXIT STATUS\n"
           "  0      done, or clean\n"
           "  1      failed\n"
           "  2      incomplete, or failed in a way that a later run may cure\n"
           "  3      the data disagree\n"
           "  4      the source's schema changed and the policy says stop\n"
           "  64     the command line is wrong\n"
           "  70     a bug in trueup\n"
           "  78     the configuration is wrong\n"
           "  128+n  stopped by signal n; everything done so far is durable\n";
}

}  // namespace trueup::app
