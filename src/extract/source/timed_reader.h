#pragma once

#include <functional>
#include <memory>

#include "extract/source/source.h"

namespace trueup::extract {

using OpenReader = std::function<Result<std::unique_ptr<ChunkReader>>()>;

/// The reader that `open` opens, counted in `load` as one statement: it runs from now until its
/// last row, or until the reader ends. The load must outlive it.
Result<std::unique_ptr<ChunkReader>> timed(SourceLoad& load, const OpenReader& open);

}  // namespace trueup::extract
