#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace trueup::log {
namespace {

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = spdlog::stderr_logger_mt("trueup");
        made->set_pattern("trueup: %l: %v");
        made->set_level(spdlog::level::warn);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::Error: return spdlog::level::err;
        case Level::Warn: return spdlog::level::warn;
        case Level::Info: return spdlog::level::info;
        case Level::Debug: return spdlog::level::debug;
    }
    std::unreachable();
}

}  // namespace

void set_level(Level level) { logger().set_level(spdlog_level(level)); }

void warn(std::string_view line) { logger().warn("{}", line); }
void info(std::string_view line) { logger().info("{}", line); }
void debug(std::string_view line) { logger().debug("{}", line); }

}  // namespace trueup::log
