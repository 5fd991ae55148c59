// Fault model: SIGKILL at fault points of a repair (before and after every durable step of
// destination, ledger and manifest): every other visit here, each of them in tests/crash. At every
// instant the manifest's committed parts hold each row at most once, and repairing again ends with
// the rows of the source.
#include <algorithm>

#include "base/fault.h"
#include "base/testing/child.h"
#include "extract/destination/destination.h"
#include "extract/proof/proof_test_support.h"

namespace trueup::extract {
namespace {

/// A copy with three kinds of trouble: a chunk that changed, one that is empty now, a part gone.
void make_trouble(CopyFolder& folder) {
    folder.run();
    ASSERT_TRUE(remove_file(folder.out(folder.committed().at(0))).has_value());
    folder.sql(
        "UPDATE orders SET total = 3 WHERE id = 300; DELETE FROM orders WHERE id BETWEEN 501 AND "
        "750");
}

/// A valid marker means that nothing was changed yet, or that all of it is done.
void expect_honest_marker(const CopyFolder& folder) {
    const Marker marker = check_marker(folder.path("out")).value();
    EXPECT_TRUE(marker == Marker::Missing || marker == Marker::Valid) << name_of(marker);
    if (marker == Marker::Missing) return;
    const auto destination = Destination::open_existing(folder.path("out")).value();
    const auto files = destination.list().value();
    const bool has_new_parts = std::ranges::any_of(files, [](const DestinationFile& file) {
        return file.name.find("-g2") != std::string::npos;
    });
    EXPECT_EQ(has_new_parts, folder.manifest().generation == 2);
}

TEST(RepairCrash, KilledAnywhereItEndsWithAnExactCopy) {
    CopyFolder folder;
    make_trouble(folder);
    const RepairPlan plan = plan_repair(folder.job(), folder.compare()).value();
    ASSERT_EQ(plan.actions.size(), 3U);
    folder.save();
    const RepairOptions options{.compare = {}, .purges = true};
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(execute_repair(folder.job(), plan, options).has_value());
    const int visits = fault::visits();
    ASSERT_GT(visits, 30) << "too few fault points were reached: this test proves little";
    for (int visit = 1; visit <= visits; visit += 2) {
        SCOPED_TRACE(visit);
        folder.restore();
        ASSERT_TRUE(is_killed_in_child([&] {
            fault::arm(fault::Action::Crash, visit);
            discard(execute_repair(folder.job(), plan, options), "it dies before it returns");
        }));
        fault::arm(fault::Action::None, 0);
        EXPECT_LE(folder.manifest().totals().rows, 1000);
        expect_honest_marker(folder);
        const auto mended = folder.mend(options.purges);
        ASSERT_TRUE(mended.has_value()) << mended.error().message;
        EXPECT_TRUE(mended->is_clean) << core::to_json(mended->after);
        EXPECT_EQ(folder.copy_facts(), folder.source_facts());
        EXPECT_EQ(codes(folder.look(ValidateDepth::Sample)), "");
        for (const ManifestPart& part : folder.manifest().parts) {
            EXPECT_EQ(std::filesystem::exists(folder.out(part.path)), part.is_committed);
        }
    }
}

}  // namespace
}  // namespace trueup::extract
