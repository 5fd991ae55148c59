#include "term/stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace trueup::term {
namespace {

constexpr int kWidthUnknown = 80;
constexpr int kWidthMax = 1000;
constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

void Stream::write(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (live_line_.empty()) {
        put_locked(text);
        return;
    }
    put_locked(fmt::format("{}{}{}", kClearLine, text, live_line_));
}

void Stream::set_live_line(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (line.empty() && live_line_.empty()) return;
    live_line_ = line;
    put_locked(fmt::format("{}{}", kClearLine, line));
}

void Stream::put_locked(std::string_view text) {
    if (is_closed_ || error_ != 0 || text.empty()) return;
    const int error = put(text);
    if (error == EPIPE) {
        is_closed_ = true;
    } else {
        error_ = error;
    }
}

bool Stream::is_closed() const {
    const std::lock_guard lock(mutex_);
    return is_closed_;
}

Status Stream::status() const {
    const std::lock_guard lock(mutex_);
    if (error_ == 0) return {};
    return fail(ErrorClass::Failed,
                fmt::format("cannot write to {}: {}", name(), std::strerror(error_)));
}

bool FdStream::is_tty() const { return ::isatty(fd_) == 1; }

int FdStream::width() const {
    winsize size{};
    const bool is_known = ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    if (is_known) return std::min<int>(size.ws_col, kWidthMax);
    const char* columns = std::getenv("COLUMNS");
    const auto number = columns == nullptr ? std::nullopt : parse_int64(columns);
    if (!number || *number < 1 || *number > kWidthMax) return kWidthUnknown;
    return static_cast<int>(*number);
}

int FdStream::put(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return errno;
        // Somebody who shares the terminal made it non-blocking: wait for room.
        pollfd wait{.fd = fd_, .events = POLLOUT, .revents = 0};
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return errno;
    }
    return 0;
}

int StringStream::put(std::string_view text) {
    text_ += text;
    return 0;
}

}  // namespace trueup::term
