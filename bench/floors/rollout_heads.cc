// The floor of `codex status`: walk a folder, read the head of each rollout and look for the
// provider in its first line, without parsing it and without any code of the project.
// `rollout_heads FOLDER WORKERS`.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kHeadBytes = 16384;
constexpr std::string_view kKey = "\"model_provider\":\"";

void walk(const std::string& folder, std::vector<std::string>& files) {
    DIR* open = ::opendir(folder.c_str());
    if (open == nullptr) return;
    while (const dirent* entry = ::readdir(open)) {
        if (entry->d_name[0] == '.') continue;
        std::string path = folder + "/" + entry->d_name;
        if (entry->d_type == DT_DIR) {
            walk(path, files);
        } else if (path.ends_with(".jsonl")) {
            files.push_back(std::move(path));
        }
    }
    ::closedir(open);
}

/// Bytes of the provider's name, or 0.
std::size_t look(const std::string& path, std::vector<char>& buffer) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    if (fd < 0) return 0;
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
    ::close(fd);
    if (got <= 0) return 0;
    std::string_view head(buffer.data(), static_cast<std::size_t>(got));
    head = head.substr(0, head.find('\n'));
    const std::size_t at = head.find(kKey);
    if (at == std::string_view::npos) return 0;
    return head.find('"', at + kKey.size()) - at - kKey.size();
}

/// What one worker finds in the files that are its share.
std::size_t look_at_share(const std::vector<std::string>& files, std::atomic<std::size_t>& next) {
    std::vector<char> buffer(kHeadBytes);
    std::size_t sum = 0;
    for (std::size_t at = next++; at < files.size(); at = next++) sum += look(files[at], buffer);
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 64;
    std::vector<std::string> files;
    walk(argv[1], files);
    const int workers = std::atoi(argv[2]);
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> bytes{0};
    {
        std::vector<std::jthread> threads;
        threads.reserve(static_cast<std::size_t>(std::max(workers, 0)));
        const auto work = [&] { bytes += look_at_share(files, next); };
        for (int i = 0; i < workers; ++i) threads.emplace_back(work);
    }
    std::printf("%zu rollouts, %zu bytes of names\n", files.size(), bytes.load());
    return 0;
}
