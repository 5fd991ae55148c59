#pragma once

#include <chrono>

namespace trueup::mysql {

/// Until when this thread waits for servers, and whether a stop ends that wait: one who tells a
/// server to stop has to hear its answer. The outermost Patience counts.
class Patience {
  public:
    enum class OnStop : unsigned char { GiveUp, GoOn };
    Patience(std::chrono::milliseconds limit, OnStop on_stop);
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    Patience(Patience&&) = delete;
    Patience& operator=(Patience&&) = delete;
    ~Patience();

    bool has_run_out() const;

  private:
    bool is_outermost_;
};

/// What libmariadb calls when it has to wait for a socket (MARIADB_OPT_IO_WAIT): 1 when it is
/// ready, 0 when the time is up, -1 with errno when a stop was asked for. No limit: `timeout_ms` <=
/// 0.
int wait_for_socket(int socket, char is_reading, int timeout_ms);

}  // namespace trueup::mysql
