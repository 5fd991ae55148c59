#include "base/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/system_failure.h"
#include "base/text.h"

namespace trueup {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The C library of Debian 12 declares its own functions of these names for C alone.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

/// An open descriptor, closed on destruction.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() { close(); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

/// Texts as C wants them: a list of pointers that ends in a null.
class Texts {
  public:
    explicit Texts(std::vector<std::string> texts) : texts_(std::move(texts)) {
        pointers_.reserve(texts_.size() + 1);
        for (std::string& text : texts_) pointers_.push_back(text.data());
        pointers_.push_back(nullptr);
    }
    char* const* data() const { return pointers_.data(); }

  private:
    std::vector<std::string> texts_;
    std::vector<char*> pointers_;
};

/// Ours, with `variables` in the place of those of the same name.
std::vector<std::string> environment_with(const Variables& variables) {
    std::vector<std::string> out;
    for (char* const* entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const bool is_replaced = std::ranges::any_of(variables, [&](const auto& variable) {
            return text.starts_with(variable.first + "=");
        });
        if (!is_replaced) out.emplace_back(text);
    }
    for (const auto& [name, value] : variables) out.push_back(fmt::format("{}={}", name, value));
    return out;
}

/// How a child is started: default signals, none blocked, and its streams.
class SpawnSetup {
  public:
    SpawnSetup() {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t ours;
        ::sigemptyset(&ours);
        for (const int number : {SIGPIPE, SIGINT, SIGTERM}) ::sigaddset(&ours, number);
        ::posix_spawnattr_setsigdefault(&attributes_, &ours);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    SpawnSetup(SpawnSetup&&) = delete;
    SpawnSetup& operator=(SpawnSetup&&) = delete;
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    void set_stream(int stream, int mode) {
        ::posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", mode, 0);
    }
    void set_stream_to(int stream, int fd) {
        ::posix_spawn_file_actions_adddup2(&actions_, fd, stream);
    }
    void add_variables(const Variables& variables) { variables_ = variables; }
    void set_folder(const char* path) { ::posix_spawn_file_actions_addchdir_np(&actions_, path); }

    /// `group`: POSIX_SPAWN_SETSID or POSIX_SPAWN_SETPGROUP.
    Result<pid_t> spawn(const std::vector<std::string>& arguments, int group) {
        const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group;
        ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
        const Texts words(arguments);
        const Texts environment(environment_with(variables_));
        pid_t pid = 0;
        const int error = ::posix_spawn(&pid, arguments[0].c_str(), &actions_, &attributes_,
                                        words.data(), environment.data());
        if (error != 0) return system_failure(error, "run", arguments[0]);
        return pid;
    }

  private:
    Variables variables_;
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

int status_of(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status_of(status);
}

/// For poll(2); not below 0.
int remaining_ms(steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

/// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& output) {
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return false;
        const std::size_t room = kProgramOutputBytesMax - output.size();
        output.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    }
}

/// Until the child has ended; false when that takes too long.
bool listen_until_end(int output_fd, int child_fd, steady_clock::time_point deadline,
                      std::string& output) {
    bool is_open = true;
    while (true) {
        std::array<pollfd, 2> set = {pollfd{is_open ? output_fd : -1, POLLIN, 0},
                                     pollfd{child_fd, POLLIN, 0}};
        const int ready = ::poll(set.data(), set.size(), remaining_ms(deadline));
        if (ready == 0) return false;
        if (ready < 0) continue;  // Interrupted; nothing else can happen to it.
        if (set[0].revents != 0) is_open = drain(output_fd, output);
        if (set[1].revents == 0) continue;
        // Grandchildren may keep the stream open for ever: what is there now is all we take.
        if (is_open) drain(output_fd, output);
        return true;
    }
}

bool is_executable_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(std::string_view name, const Environment& environment) {
    if (name.find('/') != std::string_view::npos) {
        std::string path(name);
        return is_executable_file(path) ? std::optional(std::move(path)) : std::nullopt;
    }
    const char* folders = environment("PATH");
    if (folders == nullptr || name.empty()) return std::nullopt;
    for (const std::string_view folder : split(folders, ':')) {
        if (!folder.starts_with('/')) continue;
        std::string path = join_path(folder, name);
        if (is_executable_file(path)) return path;
    }
    return std::nullopt;
}

Result<ProgramResult> run_program(const std::vector<std::string>& arguments, milliseconds limit) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return system_failure(errno, "run", arguments[0]);
    const Descriptor reading(pipe[0]);
    Descriptor writing(pipe[1]);
    // Ours alone: the child's end stays as programs expect it.
    if (::fcntl(reading.get(), F_SETFL, O_NONBLOCK) != 0) {
        return system_failure(errno, "run", arguments[0]);
    }
    SpawnSetup setup;
    setup.set_stream(STDIN_FILENO, O_RDONLY);
    setup.set_stream_to(STDOUT_FILENO, writing.get());
    setup.set_stream_to(STDERR_FILENO, writing.get());
    const auto deadline = steady_clock::now() + limit;
    const pid_t pid = TRY(setup.spawn(arguments, POSIX_SPAWN_SETPGROUP));
    writing.close();
    const Descriptor child(open_pidfd(pid));
    ProgramResult result;
    const bool has_ended =
        child.get() >= 0 && listen_until_end(reading.get(), child.get(), deadline, result.output);
    if (!has_ended) ::kill(-pid, SIGKILL);
    result.status = reap(pid);
    if (has_ended) return result;
    return fail(ErrorClass::Retryable,
                fmt::format("{} did not end within {}", arguments[0],
                            human_seconds(std::chrono::duration<double>(limit).count())));
}

Result<std::int64_t> start_detached(const std::vector<std::string>& arguments,
                                    const Variables& variables, milliseconds grace) {
    SpawnSetup setup;
    setup.add_variables(variables);
    setup.set_stream(STDIN_FILENO, O_RDONLY);
    setup.set_stream(STDOUT_FILENO, O_WRONLY);
    setup.set_stream(STDERR_FILENO, O_WRONLY);
    setup.set_folder("/");
    const pid_t pid = TRY(setup.spawn(arguments, POSIX_SPAWN_SETSID));
    const auto process = TRY(RunningProcess::open(pid));
    // Until it is reaped even an ended child can be opened.
    if (process && !TRY(process->wait_for_end(grace))) return std::int64_t{pid};
    return fail(ErrorClass::Failed,
                fmt::format("{} ended at once with status {}", arguments[0], reap(pid)));
}

Result<std::optional<RunningProcess>> RunningProcess::open(std::int64_t pid) {
    if (pid <= 0 || !std::in_range<pid_t>(pid)) return std::optional<RunningProcess>();
    const int fd = open_pidfd(static_cast<pid_t>(pid));
    if (fd >= 0) return std::optional(RunningProcess(fd, pid));
    if (errno == ESRCH || errno == EINVAL) return std::optional<RunningProcess>();
    return system_failure(errno, "look at process", std::to_string(pid));
}

RunningProcess::RunningProcess(RunningProcess&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), pid_(other.pid_) {}

RunningProcess& RunningProcess::operator=(RunningProcess&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(pid_, other.pid_);
    return *this;
}

RunningProcess::~RunningProcess() {
    if (fd_ >= 0) ::close(fd_);
}

Status RunningProcess::ask_to_end() const {
    if (::syscall(SYS_pidfd_send_signal, fd_, SIGTERM, nullptr, 0) == 0 || errno == ESRCH)
        return {};
    return system_failure(errno, "end process", std::to_string(pid_));
}

Result<bool> RunningProcess::wait_for_end(milliseconds limit) const {
    const auto deadline = steady_clock::now() + limit;
    while (true) {
        pollfd set{fd_, POLLIN, 0};
        const int ready = ::poll(&set, 1, remaining_ms(deadline));
        if (ready >= 0) return ready > 0;
        if (errno != EINTR) {
            return system_failure(errno, "wait for process", std::to_string(pid_));
        }
    }
}

}  // namespace trueup
