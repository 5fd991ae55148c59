// Fault model: an error or SIGKILL at any fault point of the three files. At every instant a valid
// marker must mean that the manifest it belongs to is whole.
#include "extract/manifest/manifest_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/testing/child.h"
#include "base/testing/temporary_folder.h"
#include "extract/manifest/manifest_test_support.h"

namespace trueup::extract {
namespace {

class ManifestStore : public testing::Test {
  protected:
    std::string path(std::string_view name) const { return folder_.path(name); }
    void put(std::string_view name, std::string_view content) const {
        ASSERT_TRUE(replace_file(path(name), content, "test").has_value());
    }
    static Manifest second() {
        Manifest manifest = sample_manifest();
        manifest.run_id = "orders-2";
        return manifest;
    }
    TemporaryFolder folder_;
};

TEST_F(ManifestStore, KeepsHistoryAndMarksTheNewest) {
    EXPECT_FALSE(read_manifest(folder_.path()).value().has_value());
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Missing);
    ASSERT_TRUE(write_manifest(folder_.path(), sample_manifest()).has_value());
    ASSERT_TRUE(write_manifest(folder_.path(), second()).has_value());
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Valid);
    EXPECT_EQ(read_manifest(folder_.path()).value(), second());
    EXPECT_EQ(read_history(folder_.path(), "orders-1").value(), sample_manifest());
    EXPECT_FALSE(read_history(folder_.path(), "orders-3").value().has_value());
    EXPECT_FALSE(read_history(folder_.path(), "../manifest").has_value());
    EXPECT_THAT(list_history(folder_.path()).value(), testing::ElementsAre("orders-1", "orders-2"));
    ASSERT_TRUE(remove_success(folder_.path()).has_value());
    ASSERT_TRUE(remove_success(folder_.path()).has_value());
    ASSERT_TRUE(remove_success(path("nowhere")).has_value());
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Missing);
}

TEST_F(ManifestStore, MarkerIsTheDigestOfTheManifest) {
    ASSERT_TRUE(write_manifest(folder_.path(), sample_manifest()).has_value());
    // (That the digest is SHA-256 is checked by known answers in base, and from outside by the
    // oracle.)
    const std::string manifest = read_file(path("manifest.json"), 1 << 20).value();
    EXPECT_EQ(read_file(path("_SUCCESS"), 100).value(), "sha256:" + sha256_hex(manifest) + "\n");
}

TEST_F(ManifestStore, MarkersOfEveryKindAreToldApart) {
    ASSERT_TRUE(write_manifest(folder_.path(), sample_manifest()).has_value());
    const std::string good = read_file(path("_SUCCESS"), 100).value();
    for (const std::string& bad :
         {std::string(), std::string("ok\n"), good + "x", " " + good, good.substr(0, 70),
          good.substr(0, 71) + " ", "sha256:" + std::string(64, 'G') + "\n"}) {
        put("_SUCCESS", bad);
        EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Malformed) << bad;
    }
    put("_SUCCESS", "sha256:" + std::string(64, '0') + "\n");
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Stale);
    put("_SUCCESS", good);
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Valid);
    put("manifest.json", read_file(path("manifest.json"), 1U << 20U).value() + "\n");
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Stale);
    ASSERT_TRUE(remove_file(path("manifest.json")).has_value());
    EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Stale);
}

TEST_F(ManifestStore, DamageIsIntegrityAndNamesTheFile) {
    put("manifest.json", "{");
    const auto read = read_manifest(folder_.path());
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().kind, ErrorClass::Integrity);
    EXPECT_THAT(read.error().message, testing::HasSubstr(path("manifest.json")));
}

TEST_F(ManifestStore, UnsoundManifestIsNotWritten) {
    Manifest manifest = sample_manifest();
    manifest.parts[0].path = "../a";
    EXPECT_FALSE(write_manifest(folder_.path(), manifest).has_value());
    EXPECT_TRUE(list_directory(folder_.path()).value().empty());
}

/// A run over a prefix where one stands already.
Status replace_export(const std::string& prefix, const Manifest& manifest) {
    TRY(remove_success(prefix));
    return write_manifest(prefix, manifest);
}

TEST_F(ManifestStore, ValidMarkerMeansAWholeManifestAtEveryInstant) {
    ASSERT_TRUE(write_manifest(folder_.path(), sample_manifest()).has_value());
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(replace_export(folder_.path(), second()).has_value());
    const int visits = fault::visits();
    ASSERT_GE(visits, 15);
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        ASSERT_TRUE(write_manifest(folder_.path(), sample_manifest()).has_value());
        ASSERT_TRUE(is_killed_in_child([&] {
            fault::arm(fault::Action::Crash, visit);
            discard(replace_export(folder_.path(), second()), "it dies before it returns");
        }));
        const Marker marker = check_marker(folder_.path()).value();
        const auto manifest = read_manifest(folder_.path());
        ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
        // The old one whole, or the new one whole, or nothing that claims to be.
        EXPECT_NE(marker, Marker::Malformed);
        EXPECT_NE(marker, Marker::Stale);
        if (marker == Marker::Valid && *manifest == second()) {
            EXPECT_TRUE(read_history(folder_.path(), "orders-2").value().has_value());
        }
        ASSERT_TRUE(replace_export(folder_.path(), second()).has_value());
        EXPECT_EQ(check_marker(folder_.path()).value(), Marker::Valid);
        EXPECT_EQ(read_manifest(folder_.path()).value(), second());
    }
}

}  // namespace
}  // namespace trueup::extract
