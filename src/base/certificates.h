#pragma once

#include <string>

namespace trueup {

/// The file in which the distribution keeps the certificates that the system trusts, for libraries
/// that do not ask it themselves; empty when there is none.
std::string system_certificates();

}  // namespace trueup
