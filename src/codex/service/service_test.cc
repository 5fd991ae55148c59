#include "codex/service/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <thread>

#include "base/fault.h"
#include "base/file.h"
#include "base/program.h"
#include "base/text.h"
#include "codex/service/pid_file.h"
#include "codex/service/places.h"
#include "codex/testing/temporary_home.h"

// A made-up home folder, a systemctl that writes down how it is called, and a trueup that waits at
// a pipe until it is ended.
namespace trueup::codex {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServiceTest : public ::testing::Test {
  protected:
    void SetUp() override {
        fs::create_directory(user_.path("codex"));
        variables_ = {{"HOME", user_.path()}, {"PATH", user_.path("bin") + ":/usr/bin:/bin"}};
        program("systemctl",
                "echo \"$4 $5 $6\" >> \"$D/calls\"\n"
                "test -e \"$D/says-$4\" && cat \"$D/says-$4\"\n"
                "test ! -e \"$D/fails-$4\"\n");
        program("trueup", "echo \"$@\" > \"$D/arguments\"\nread line < \"$D/pipe\"\n");
        ASSERT_EQ(::mkfifo(user_.path("pipe").c_str(), 0600), 0);
    }
    void TearDown() override { discard(uninstall_service(home_, environment_), "it may be gone"); }

    void program(const std::string& name, const std::string& script) const {
        user_.write("bin/" + name, "#!/bin/sh\nD='" + user_.path() + "'\n" + script);
        ASSERT_EQ(::chmod(user_.path("bin/" + name).c_str(), 0755), 0);
    }
    void without_systemctl() { variables_["PATH"] = user_.path("empty"); }
    std::vector<std::string> calls() const {
        if (!user_.has("calls")) return {};
        std::vector<std::string> lines;
        const std::string text = user_.read("calls");
        for (const std::string_view line : split(text, '\n')) {
            if (!line.empty()) lines.emplace_back(trim(line));
        }
        fs::remove(user_.path("calls"));
        return lines;
    }
    /// Once it is there and has its last line feed: its writer may still be at work.
    std::string written(const std::string& name) const {
        while (!user_.has(name) || !user_.read(name).ends_with('\n')) std::this_thread::yield();
        return user_.read(name);
    }
    ServiceSpec spec(std::vector<std::string> options = {}) const {
        return {
            .executable = user_.path("bin/trueup"), .home = home_, .options = std::move(options)};
    }
    ServicePlaces places() const { return service_places(home_, environment_).value(); }

    testing::TemporaryHome user_;
    CodexHome home_ = {.path = user_.path("codex"), .canonical = user_.path("codex")};
    std::map<std::string, std::string> variables_;
    Environment environment_ = [this](const char* name) -> const char* {
        const auto found = variables_.find(name);
        return found == variables_.end() ? nullptr : found->second.c_str();
    };
};

TEST_F(ServiceTest, SystemdKeepsIt) {
    const auto installed = install_service(spec({"--sqlite-only", "--store", "app"}), environment_);
    ASSERT_TRUE(installed.has_value()) << installed.error().message;
    EXPECT_EQ(installed->manager, ServiceManager::Systemd);
    EXPECT_EQ(installed->fallback, "");
    const std::string unit = places().unit_name;
    EXPECT_THAT(calls(), ElementsAre("daemon-reload", "enable " + unit, "restart " + unit));
    EXPECT_THAT(user_.read(".config/systemd/user/" + unit),
                HasSubstr("--sqlite-only --store app\n"));
    EXPECT_FALSE(user_.has("arguments")) << "systemd starts it, not we";

    user_.write("says-show", "MainPID=4711\nActiveState=active\n");
    const ServiceStatus status = service_status(home_, environment_);
    EXPECT_EQ(status.manager, ServiceManager::Systemd);
    EXPECT_EQ(status.path, places().unit_path);
    EXPECT_EQ(status.is_running, true);
    EXPECT_EQ(status.pid, 4711);
    EXPECT_EQ(status.problem, "");
    static_cast<void>(calls());

    const auto removed = uninstall_service(home_, environment_);
    ASSERT_TRUE(removed.has_value()) << removed.error().message;
    EXPECT_TRUE(removed->had_unit);
    EXPECT_EQ(removed->problem, "");
    EXPECT_THAT(calls(), ElementsAre("disable --now " + unit, "daemon-reload"));
    EXPECT_FALSE(user_.has(".config/systemd/user/" + unit));
    EXPECT_EQ(service_status(home_, environment_).manager, std::nullopt);
}

TEST_F(ServiceTest, XdgFoldersAreKept) {
    variables_["XDG_CONFIG_HOME"] = user_.path("conf");
    variables_["XDG_STATE_HOME"] = user_.path("state");
    ASSERT_TRUE(install_service(spec(), environment_).has_value());
    EXPECT_TRUE(user_.has("conf/systemd/user/" + places().unit_name));
    EXPECT_EQ(places().pid_path,
              user_.path("state/trueup/codex/" + home_tag(home_) + "/watch.pid"));
    variables_["XDG_STATE_HOME"] = "relative";
    EXPECT_THAT(places().state, ::testing::StartsWith(user_.path(".local/state/trueup/codex/")));
}

TEST_F(ServiceTest, WithoutSystemctlAProcessOfItsOwnDoesIt) {
    without_systemctl();
    const auto installed = install_service(spec({"--provider", "a b"}), environment_);
    ASSERT_TRUE(installed.has_value()) << installed.error().message;
    EXPECT_EQ(installed->manager, ServiceManager::Detached);
    EXPECT_THAT(installed->fallback, HasSubstr("systemctl"));
    EXPECT_EQ(installed->path, places().pid_path);
    EXPECT_EQ(written("arguments"), "codex watch --codex-home " + home_.canonical +
                                        " --provider a b --log " + installed->log_path + "\n");
    EXPECT_FALSE(user_.has(".config/systemd/user/" + places().unit_name));

    const ServiceStatus status = service_status(home_, environment_);
    EXPECT_EQ(status.manager, ServiceManager::Detached);
    EXPECT_EQ(status.is_running, true);
    EXPECT_EQ(status.pid, installed->pid);

    const auto process = RunningProcess::open(installed->pid).value();
    const auto removed = uninstall_service(home_, environment_);
    ASSERT_TRUE(removed.has_value()) << removed.error().message;
    EXPECT_TRUE(removed->had_process);
    EXPECT_TRUE(process->wait_for_end(std::chrono::milliseconds(0)).value()) << "it was waited for";
    EXPECT_FALSE(fs::exists(places().pid_path));
}

TEST_F(ServiceTest, WhenSystemctlFailsNothingOfTheUnitStays) {
    for (const std::string step : {"daemon-reload", "enable", "restart"}) {
        SCOPED_TRACE(step);
        user_.write("fails-" + step, "");
        user_.write("says-" + step, "\nFailed to connect to bus: No medium found\n");
        const auto installed = install_service(spec(), environment_);
        fs::remove(user_.path("fails-" + step));
        fs::remove(user_.path("says-" + step));
        ASSERT_TRUE(installed.has_value()) << installed.error().message;
        EXPECT_EQ(installed->manager, ServiceManager::Detached);
        EXPECT_THAT(installed->fallback,
                    ::testing::AllOf(HasSubstr(step), HasSubstr("No medium found")));
        EXPECT_FALSE(user_.has(".config/systemd/user/" + places().unit_name));
        ASSERT_TRUE(uninstall_service(home_, environment_).has_value());
    }
}

TEST_F(ServiceTest, InstallingAgainTakesThePlaceOfTheOld) {
    without_systemctl();
    const auto first = install_service(spec(), environment_);
    ASSERT_TRUE(first.has_value());
    const auto process = RunningProcess::open(first->pid).value();
    const auto second = install_service(spec({"--sqlite-only"}), environment_);
    ASSERT_TRUE(second.has_value()) << second.error().message;
    EXPECT_TRUE(process->wait_for_end(std::chrono::milliseconds(0)).value());
    EXPECT_EQ(service_status(home_, environment_).pid, second->pid);
    // And systemd that of the process.
    variables_["PATH"] = user_.path("bin") + ":/usr/bin:/bin";
    ASSERT_TRUE(install_service(spec(), environment_).has_value());
    EXPECT_EQ(service_status(home_, environment_).manager, ServiceManager::Systemd);
    EXPECT_FALSE(fs::exists(places().pid_path));
}

/// W24: a second home has a service of its own beside the first.
TEST_F(ServiceTest, TwoHomesAreTwoServices) {
    fs::create_directory(user_.path("other"));
    const CodexHome other = {.path = user_.path("other"), .canonical = user_.path("other")};
    ServiceSpec second = spec();
    second.home = other;
    ASSERT_TRUE(install_service(spec(), environment_).has_value());
    ASSERT_TRUE(install_service(second, environment_).has_value());
    ASSERT_TRUE(uninstall_service(other, environment_).has_value());
    EXPECT_EQ(service_status(other, environment_).manager, std::nullopt);
    EXPECT_EQ(service_status(home_, environment_).manager, ServiceManager::Systemd);
}

TEST_F(ServiceTest, AProcessThatEndsAtOnceIsAnError) {
    without_systemctl();
    program("trueup", "exit 1\n");
    const auto installed = install_service(spec(), environment_);
    ASSERT_FALSE(installed.has_value());
    EXPECT_THAT(installed.error().message, HasSubstr("status 1"));
    EXPECT_FALSE(fs::exists(places().pid_path));
    EXPECT_EQ(service_status(home_, environment_).manager, std::nullopt);
}

TEST_F(ServiceTest, UninstallingNothingIsFine) {
    const auto removed = uninstall_service(home_, environment_);
    ASSERT_TRUE(removed.has_value()) << removed.error().message;
    EXPECT_FALSE(removed->had_unit);
    EXPECT_FALSE(removed->had_process);
    EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(ServiceTest, UninstallingWithoutSystemctlRemovesTheFilesAndSaysSo) {
    ASSERT_TRUE(install_service(spec(), environment_).has_value());
    fs::create_directories(parent_path(places().enabled_path));
    fs::create_symlink(places().unit_path, places().enabled_path);
    without_systemctl();
    const auto removed = uninstall_service(home_, environment_);
    ASSERT_TRUE(removed.has_value()) << removed.error().message;
    EXPECT_THAT(removed->problem, HasSubstr("no systemctl"));
    EXPECT_FALSE(fs::exists(places().unit_path));
    EXPECT_FALSE(fs::is_symlink(places().enabled_path));
}

TEST_F(ServiceTest, AProcessThatIsAnotherNowIsLeftAlone) {
    PidFile other = describe_process(::getpid()).value();
    other.started_ticks -= 1;
    ASSERT_TRUE(write_pid_file(places().pid_path, other));
    EXPECT_EQ(service_status(home_, environment_).is_running, false);
    const auto removed = uninstall_service(home_, environment_);
    ASSERT_TRUE(removed.has_value());
    EXPECT_FALSE(removed->had_process);
    EXPECT_FALSE(fs::exists(places().pid_path));
}

/// W16: whatever is wrong, status answers, and leaves every file as it is.
TEST_F(ServiceTest, StatusIsBestEffort) {
    EXPECT_EQ(service_status(home_, environment_).manager, std::nullopt);
    for (const std::string content : {"", "x", "4711\n", "trueup.service/1\npid=1\n"}) {
        fs::create_directories(places().state);
        user_.write(".local/state/trueup/codex/" + home_tag(home_) + "/watch.pid", content);
        const ServiceStatus status = service_status(home_, environment_);
        EXPECT_EQ(status.manager, ServiceManager::Detached);
        EXPECT_EQ(status.is_running, std::nullopt);
        EXPECT_THAT(status.problem, HasSubstr("watch.pid"));
        EXPECT_TRUE(fs::exists(places().pid_path));
    }
    ASSERT_TRUE(uninstall_service(home_, environment_).has_value()) << "a damaged one goes too";
    EXPECT_FALSE(fs::exists(places().pid_path));

    ASSERT_TRUE(install_service(spec(), environment_).has_value());
    user_.write("fails-show", "");
    user_.write("says-show", "Failed to connect to bus\n");
    ServiceStatus status = service_status(home_, environment_);
    EXPECT_EQ(status.manager, ServiceManager::Systemd);
    EXPECT_EQ(status.is_running, std::nullopt);
    EXPECT_THAT(status.problem, HasSubstr("Failed to connect to bus"));
    fs::remove(user_.path("fails-show"));
    status = service_status(home_, environment_);
    EXPECT_THAT(status.problem, HasSubstr("did not name the state"));
    user_.write("says-show", "ActiveState=failed\nMainPID=0\n");
    status = service_status(home_, environment_);
    EXPECT_EQ(status.is_running, false);
    EXPECT_EQ(status.pid, std::nullopt);
    EXPECT_EQ(status.state, "failed");
    without_systemctl();
    status = service_status(home_, environment_);
    EXPECT_EQ(status.is_running, std::nullopt);
    EXPECT_THAT(status.problem, HasSubstr("no systemctl"));
    EXPECT_TRUE(fs::exists(places().unit_path));
    variables_.erase("HOME");
    EXPECT_THAT(service_status(home_, environment_).problem, HasSubstr("HOME"));
    variables_["HOME"] = user_.path();
}

TEST_F(ServiceTest, AnyFaultOnTheWayCanBeMadeUpForByTheSameCommand) {
    const auto cycle = [&]() -> Status {
        TRY(install_service(spec(), environment_));
        const ServiceRemoved removed = TRY(uninstall_service(home_, environment_));
        EXPECT_EQ(removed.problem, "");
        return {};
    };
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(cycle());
    const int visits = fault::visits();
    ASSERT_GT(visits, 4);
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        fault::arm(fault::Action::Fail, visit);
        EXPECT_FALSE(cycle());
        fault::arm(fault::Action::None, 0);
        EXPECT_TRUE(cycle());
        EXPECT_EQ(service_status(home_, environment_).manager, std::nullopt);
    }
}

}  // namespace
}  // namespace trueup::codex
