#include "extract/source/timed_reader.h"

#include <utility>

namespace trueup::extract {
namespace {

class TimedReader final : public ChunkReader {
  public:
    explicit TimedReader(SourceLoad& load) : timer_(load) {}
    void take(std::unique_ptr<ChunkReader> reader) { reader_ = std::move(reader); }

    Result<bool> is_at_end() override {
        auto at_end = reader_->is_at_end();
        if (at_end && *at_end) timer_.end();
        return at_end;
    }
    Status next(columnar::Batch& batch) override { return reader_->next(batch); }
    std::optional<Key> stopped_at() const override { return reader_->stopped_at(); }
    std::int64_t values_nulled() const override { return reader_->values_nulled(); }

  private:
    StatementTimer timer_;
    std::unique_ptr<ChunkReader> reader_;  // Ends first: giving up a statement is part of it.
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> timed(SourceLoad& load, const OpenReader& open) {
    auto reader = std::make_unique<TimedReader>(load);
    auto opened = TRY(open());
    reader->take(std::move(opened));
    std::unique_ptr<ChunkReader> done = std::move(reader);
    return done;
}

}  // namespace trueup::extract
