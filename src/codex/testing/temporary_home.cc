#include "codex/testing/temporary_home.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/file.h"

namespace trueup::codex::testing {
namespace {

constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 30U;

}  // namespace

TemporaryHome::TemporaryHome() {
    const auto temporary = std::filesystem::canonical(std::filesystem::temp_directory_path());
    path_ = (temporary / "trueup-codex-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

TemporaryHome::~TemporaryHome() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryHome::path(std::string_view name) const { return join_path(path_, name); }

void TemporaryHome::write(std::string_view name, std::string_view content) const {
    const std::string file_path = path(name);
    make_directories(parent_path(file_path)).value();
    File file = File::open_or_create(file_path).value();
    file.truncate(0).value();
    file.write_all(as_bytes(content)).value();
}

std::string TemporaryHome::read(std::string_view name) const {
    return read_file(path(name), kBytesMax).value();
}

bool TemporaryHome::has(std::string_view name) const {
    return file_info(path(name)).value().has_value();
}

}  // namespace trueup::codex::testing
