#include "base/process.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace trueup {
namespace {

/// Files of /proc say that they are empty, so they are read to their end.
std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

class ProcTable : public ProcessTable {
  public:
    ProcessIdentity self() const override {
        std::array<char, 256> host{};
        const bool is_named = ::gethostname(host.data(), host.size() - 1) == 0;
        const std::int64_t pid = ::getpid();
        return {.pid = pid,
                .started_ticks = started_ticks(pid).value_or(0),
                .host = is_named ? host.data() : "unknown",
                .boot_id = std::string(trim(content_of("/proc/sys/kernel/random/boot_id")))};
    }

    std::optional<std::int64_t> started_ticks(std::int64_t pid) const override {
        const std::string stat = content_of("/proc/" + std::to_string(pid) + "/stat");
        // The name, second of the fields, stands in parentheses and may hold anything.
        const auto name_end = stat.rfind(')');
        if (name_end == std::string::npos) return std::nullopt;
        const auto fields = split(trim(std::string_view(stat).substr(name_end + 1)), ' ');
        constexpr std::size_t kState = 0;   // Field 3 of the file.
        constexpr std::size_t kStart = 19;  // Field 22.
        if (fields.size() <= kStart) return std::nullopt;
        if (fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;  // Dead already.
        return parse_int64(fields[kStart]);
    }
};

}  // namespace

const ProcessTable& system_processes() {
    static const ProcTable table;
    return table;
}

}  // namespace trueup
