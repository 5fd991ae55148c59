#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/result.h"

/// Other programs, run with a list of arguments and never through a shell.
namespace trueup {

/// The executable file that `name` means: itself when it holds a slash, else the first one in the
/// folders of PATH; nothing when there is none. Relative folders of PATH are passed over.
std::optional<std::string> find_program(std::string_view name, const Environment& environment);

/// More of what a program says than this is dropped.
inline constexpr std::size_t kProgramOutputBytesMax = 64u << 10;

struct ProgramResult {
    int status = 0;      // What it exited with; 128+n when signal n ended it.
    std::string output;  // Of both streams, in the order it came.
};

/// Runs `arguments`, of which the first is the path of the program, to its end, with nothing on its
/// standard input and in a process group of its own. Retryable when it takes longer than `limit`;
/// it is killed then, with its group. Failed when it cannot be started.
Result<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                  std::chrono::milliseconds limit);

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Starts a program that goes on without us: in a session of its own and in the root folder, its
/// standard streams nowhere, `variables` added to our environment. Its pid. Failed, with the
/// status, when it ends within `grace`.
Result<std::int64_t> start_detached(const std::vector<std::string>& arguments,
                                    const Variables& variables, std::chrono::milliseconds grace);

/// A living process, held so that its pid cannot come to mean another one.
class RunningProcess {
  public:
    /// Nothing when there is no such process.
    static Result<std::optional<RunningProcess>> open(std::int64_t pid);
    RunningProcess(RunningProcess&& other) noexcept;
    RunningProcess& operator=(RunningProcess&& other) noexcept;
    RunningProcess(const RunningProcess&) = delete;
    RunningProcess& operator=(const RunningProcess&) = delete;
    ~RunningProcess();

    /// SIGTERM. A process that has ended meanwhile is fine.
    Status ask_to_end() const;
    /// Whether it ended within `limit`.
    Result<bool> wait_for_end(std::chrono::milliseconds limit) const;

  private:
    RunningProcess(int fd, std::int64_t pid) : fd_(fd), pid_(pid) {}
    int fd_ = -1;
    std::int64_t pid_ = 0;
};

}  // namespace trueup
