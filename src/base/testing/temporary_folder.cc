#include "base/testing/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/check.h"
#include "base/file.h"

namespace trueup {

TemporaryFolder::TemporaryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto base =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    root_ = (base / "trueup-test-XXXXXX").string();
    CHECK(::mkdtemp(root_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;  // What cannot be removed is no concern of the test's.
    std::filesystem::remove_all(root_, ignored);
}

std::string TemporaryFolder::path(std::string_view name) const { return join_path(root_, name); }

}  // namespace trueup
