#include "extract/run/process_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace trueup::extract {

// https://www.kernel.org/doc/html/latest/filesystems/proc.html: statm counts pages, and the second
// of its numbers is what is resident.
std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t program = 0;
    std::int64_t resident = 0;
    if (!(file >> program >> resident)) return 0;
    return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t peak_resident_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024;
}

int workers_within_memory(int workers, std::int64_t resident, std::uint64_t bytes_max) {
    const bool is_too_large = bytes_max != 0 && static_cast<std::uint64_t>(resident) > bytes_max;
    return is_too_large ? std::min(workers, 1) : workers;
}

}  // namespace trueup::extract
