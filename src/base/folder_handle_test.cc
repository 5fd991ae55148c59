#include "base/folder_handle.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace trueup {
namespace {

std::string text_of(const Result<File>& file) {
    std::string text(10, '\0');
    text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))).value());
    return text;
}

TEST(FolderHandle, FindsFilesInOneFolderAfterTheOther) {
    const TemporaryFolder folder;
    for (const char* name : {"a", "b"}) {
        std::filesystem::create_directories(folder.path(name));
        std::ofstream(folder.path(std::string(name) + "/one")) << name;
        std::ofstream(folder.path(std::string(name) + "/two")) << name << name;
    }
    FolderHandle handle;
    for (const char* name : {"a/one", "a/two", "b/one", "a/one", "b/two"}) {
        const std::string path = folder.path(name);
        EXPECT_EQ(handle.info(path).value(), file_info(path).value());
        const auto file = handle.open_unnoticed(path);
        ASSERT_TRUE(file.has_value());
        EXPECT_EQ(file->path(), path);
        EXPECT_EQ(text_of(file), text_of(File::open_read(path)));
    }
    auto edited = handle.open_edit(folder.path("a/one"));
    ASSERT_TRUE(edited.has_value());
    ASSERT_TRUE(edited->write_at(0, as_bytes("x")).has_value());
    EXPECT_EQ(text_of(File::open_read(folder.path("a/one"))), "x");
}

TEST(FolderHandle, SaysWhatIsMissingAsTheOthersDo) {
    const TemporaryFolder folder;
    FolderHandle handle;
    for (const char* name : {"gone", "nowhere/gone"}) {
        const std::string path = folder.path(name);
        EXPECT_EQ(handle.info(path).value(), std::nullopt);
        const auto file = handle.open_unnoticed(path);
        ASSERT_FALSE(file.has_value());
        EXPECT_EQ(file.error().message, File::open_unnoticed(path).error().message);
        const auto edited = handle.open_edit(path);
        ASSERT_FALSE(edited.has_value());
        EXPECT_EQ(edited.error().message, File::open_edit(path).error().message);
    }
    EXPECT_TRUE(handle.info(folder.path()).value()->is_directory);
    EXPECT_TRUE(handle.info("/").value()->is_directory);
}

}  // namespace
}  // namespace trueup
