#pragma once

#include <string>
#include <string_view>

namespace trueup {

/// A folder of the test's own, removed at the end with all that is in it. It stands in memory where
/// there is such a place: no test cuts the power, and some commit hundreds of times.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    TemporaryFolder(TemporaryFolder&&) = delete;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;

    const std::string& path() const { return root_; }
    /// Of something below.
    std::string path(std::string_view name) const;

  private:
    std::string root_;
};

}  // namespace trueup
