#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"

namespace trueup {
namespace {

class FileAttributesTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = (std::filesystem::temp_directory_path() / "trueup-attributes-XXXXXX").string();
        ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string path(std::string_view name) const { return join_path(root_, name); }
    std::string make(std::string_view name, std::string_view content = "x") const {
        EXPECT_TRUE(replace_file(path(name), content, "test").has_value());
        return path(name);
    }
    std::string root_;
};

std::string attribute(const std::string& path, const char* name) {
    char value[64];
    const ssize_t got = ::getxattr(path.c_str(), name, value, sizeof value);
    return got < 0 ? "none" : std::string(value, static_cast<std::size_t>(got));
}

/// As user "nobody" while it lives, when the test runs as root; file owners are then in force.
class Unprivileged {
  public:
    Unprivileged() {
        if (::geteuid() == 0) is_changed_ = ::seteuid(65534) == 0;
    }
    ~Unprivileged() {
        if (is_changed_) static_cast<void>(::seteuid(0));
    }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
    Unprivileged(Unprivileged&&) = delete;
    Unprivileged& operator=(Unprivileged&&) = delete;

  private:
    bool is_changed_ = false;
};

TEST_F(FileAttributesTest, InfoIsTheSameByPathAndByDescriptor) {
    const std::string file = make("a", "12345");
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    const FileInfo info = File::open_read(file).value().info().value();
    EXPECT_EQ(info, file_info(file).value().value());
    EXPECT_EQ(info.bytes, 5U);
    EXPECT_EQ(info.mode, 0640U);
    EXPECT_EQ(info.links, 1U);
    EXPECT_EQ(info.user, ::geteuid());
    EXPECT_TRUE(info.is_regular);
    EXPECT_FALSE(info.is_directory);
    struct stat found {};
    ASSERT_EQ(::stat(file.c_str(), &found), 0);
    EXPECT_EQ(info.inode, found.st_ino);
    EXPECT_EQ(info.device, found.st_dev);
    EXPECT_GT(info.ctime_ns, 0);
    EXPECT_TRUE(file_info(root_).value()->is_directory);
    EXPECT_FALSE(file_info(root_).value()->is_regular);
}

TEST_F(FileAttributesTest, ModesAreGivenAtBirth) {
    const mode_t before = ::umask(0022);
    ASSERT_TRUE(File::create(path("private"), 0600).has_value());
    ASSERT_TRUE(File::create(path("ordinary")).has_value());
    ASSERT_TRUE(make_directories(path("x/y"), 0700).has_value());
    ASSERT_TRUE(make_directories(path("x/y/z")).has_value());
    ::umask(before);
    EXPECT_EQ(file_info(path("private")).value()->mode, 0600U);
    EXPECT_EQ(file_info(path("ordinary")).value()->mode, 0644U);
    EXPECT_EQ(file_info(path("x")).value()->mode, 0700U);
    EXPECT_EQ(file_info(path("x/y")).value()->mode, 0700U);
    EXPECT_EQ(file_info(path("x/y/z")).value()->mode, 0755U);
}

TEST_F(FileAttributesTest, TimesAreSetToTheNanosecond) {
    File file = File::open_edit(make("a")).value();
    for (const std::int64_t time : {std::int64_t{1'700'000'000'123'456'789}, std::int64_t{1},
                                    std::int64_t{0}, std::int64_t{-1'500'000'001}}) {
        ASSERT_TRUE(file.set_times(time, time + 7).has_value());
        EXPECT_EQ(file.info().value().atime_ns, time);
        EXPECT_EQ(file.info().value().mtime_ns, time + 7);
    }
}

TEST_F(FileAttributesTest, UnnoticedReadingLeavesTheAccessTime) {
    const std::string path_of_file = make("a", "text");
    constexpr std::int64_t kLongAgo = 1'000'000'000'000'000'000;
    ASSERT_TRUE(File::open_edit(path_of_file).value().set_times(kLongAgo, kLongAgo).has_value());
    const File file = File::open_unnoticed(path_of_file).value();
    std::byte buffer[4];
    ASSERT_EQ(file.read_at(0, buffer).value(), 4U);
    EXPECT_EQ(file_info(path_of_file).value()->atime_ns, kLongAgo);
}

TEST_F(FileAttributesTest, UnnoticedReadingOfAnothersFileIsAllowed) {
    const Unprivileged nobody;
    EXPECT_TRUE(File::open_unnoticed("/etc/passwd").has_value());
}

TEST_F(FileAttributesTest, UnnoticedOpeningDoesNotWaitForAPipe) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const File pipe = File::open_unnoticed(path("pipe")).value();
    EXPECT_FALSE(pipe.info().value().is_regular);
}

TEST_F(FileAttributesTest, ModeAndExtendedAttributesAreCopied) {
    const std::string from = make("from");
    ASSERT_EQ(::chmod(from.c_str(), 0604), 0);
    const bool has_attributes = ::setxattr(from.c_str(), "user.a", "one", 3, 0) == 0;
    const std::string long_value(1000, 'v');
    ASSERT_EQ(::setxattr(from.c_str(), "user.long", long_value.data(), long_value.size(), 0) == 0,
              has_attributes);
    const std::string to = make("to");
    ASSERT_EQ(::setxattr(to.c_str(), "user.inherited", "x", 1, 0) == 0, has_attributes);

    File target = File::open_edit(to).value();
    ASSERT_TRUE(target.copy_attributes(File::open_read(from).value()).has_value());
    EXPECT_EQ(file_info(to).value()->mode, 0604U);
    EXPECT_EQ(attribute(to, "user.a"), has_attributes ? "one" : "none");
    EXPECT_EQ(::getxattr(to.c_str(), "user.long", nullptr, 0), has_attributes ? 1000 : -1);
    EXPECT_EQ(attribute(to, "user.inherited"), "none");
}

TEST_F(FileAttributesTest, OwnerIsCopiedWhereItMayBe) {
    const std::string from = make("from");
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(from.c_str(), 12, 34), 0);
    }
    ASSERT_EQ(::chmod(from.c_str(), 04755), 0);  // chown(2) takes the set-user bit away.
    File target = File::open_edit(make("to")).value();
    ASSERT_TRUE(target.copy_attributes(File::open_read(from).value()).has_value());
    const FileInfo want = file_info(from).value().value();
    const FileInfo have = target.info().value();
    EXPECT_EQ(have.user, want.user);
    EXPECT_EQ(have.group, want.group);
    EXPECT_EQ(have.mode, 04755U);
}

TEST_F(FileAttributesTest, OwnerThatCannotBeKeptIsNamed) {
    ASSERT_EQ(::chmod(root_.c_str(), 0777), 0);
    const Unprivileged nobody;
    File target = File::create(path("to")).value();
    const auto refused = target.copy_attributes(File::open_read("/etc/passwd").value());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Failed);
    EXPECT_NE(refused.error().message.find("give user 0, group 0 to " + path("to")),
              std::string::npos)
        << refused.error().message;
}

}  // namespace
}  // namespace trueup
