#pragma once

#include <string>
#include <string_view>

/// Made-up Codex homes for tests. What fails here throws: a test cannot go on without it.
namespace trueup::codex::testing {

/// An empty Codex home in the temporary folder, removed with all it holds on destruction.
class TemporaryHome {
  public:
    TemporaryHome();
    ~TemporaryHome();
    TemporaryHome(const TemporaryHome&) = delete;
    TemporaryHome& operator=(const TemporaryHome&) = delete;
    TemporaryHome(TemporaryHome&&) = delete;
    TemporaryHome& operator=(TemporaryHome&&) = delete;

    /// Absolute, without links.
    const std::string& path() const { return path_; }
    std::string path(std::string_view name) const;
    /// Writes a file, making its folders; what stood there is replaced in place.
    void write(std::string_view name, std::string_view content) const;
    std::string read(std::string_view name) const;
    bool has(std::string_view name) const;

  private:
    std::string path_;
};

}  // namespace trueup::codex::testing
