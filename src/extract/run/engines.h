#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/engine.h"
#include "extract/config/config.h"

namespace trueup::extract {

/// One engine and a session of it for each worker.
struct Engines {
    std::unique_ptr<columnar::Engine> engine;
    std::vector<std::unique_ptr<columnar::Session>> sessions;
};

/// Within the memory that the tuning allows. What does not fit goes to `spill_folder`; without one,
/// nothing may exceed it.
Result<Engines> open_engines(const Tuning& tuning, std::size_t workers,
                             std::string spill_folder = {});

}  // namespace trueup::extract
