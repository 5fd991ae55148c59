#include "extract/destination/destination.h"

namespace trueup::extract {

std::string Destination::path_of(std::string_view name) const { return join_path(path_, name); }

}  // namespace trueup::extract
