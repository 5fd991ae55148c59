#include "extract/plan/density.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <utility>

#include "extract/plan/key_space.h"

namespace trueup::extract::plan {
namespace {

/// At most so many places are looked at, or twice as many as there will be chunks.
constexpr std::size_t kKnotsMin = 1024;
constexpr std::size_t kKnotsMax = 8192;
/// A cell may be wrong by this many chunks before the whole judgement is given up.
constexpr long double kChunksUnsureMax = 2;
/// A cell of more than this many chunks is looked into, however even it seems.
constexpr long double kChunksPerCell = 4;
/// Keys this much closer after the first one than from the place on: an empty stretch lies between.
constexpr long double kLateFactor = 2;
/// Rounds of probes that learn how texts are made, before any is believed.
constexpr int kSampleRounds = 3;

/// What one probe saw.
struct Knot {
    Position first = 0;       // Of the first key at or after the place.
    Position end = 0;         // How far `rows` keys reach.
    long double rows = 0;     // From the place to `end`.
    long double density = 0;  // rows / (end - place); nothing known at the last place.
    bool is_last = false;     // The place of the last key.
};

using Knots = std::map<Position, Knot>;

/// What lies between two knots.
struct Cell {
    long double rows = 0;
    long double unsure = 0;  // How wrong `rows` may be.
    long double hidden = 0;  // What may lie behind an empty stretch.
};

long double distance(Position from, Position to) { return static_cast<long double>(to - from); }

/// The mean of a density that grows or falls by equal factors on equal distances.
long double mean_density(long double left, long double right) {
    const long double ratio = left / right;
    if (std::abs(ratio - 1) < 0.001L) return left;
    return (left - right) / std::log(ratio);
}

Cell cell_between(const Knots::value_type& from, const Knots::value_type& to) {
    const Knot& knot = from.second;
    if (knot.first >= to.first) return {};
    if (knot.end >= to.first) {
        const long double reach = std::max(distance(knot.first, knot.end), 1.0L);
        return {.rows = knot.rows * std::min(1.0L, distance(knot.first, to.first) / reach)};
    }
    const long double span = distance(from.first, to.first);
    // Keys that begin late and then stand close may go on to do so.
    const long double density_there = knot.rows / std::max(distance(knot.first, knot.end), 1.0L);
    const bool begins_late = density_there > kLateFactor * knot.density;
    const long double hidden = begins_late ? density_there * distance(knot.end, to.first) : 0.0L;
    if (to.second.is_last) {
        const long double rows = std::max(knot.density * span, knot.rows);
        return {.rows = rows, .unsure = rows / 2, .hidden = hidden};
    }
    const long double rows = mean_density(knot.density, to.second.density) * span;
    return {.rows = std::max(rows, knot.rows),
            .unsure = std::abs(knot.density - to.second.density) * span / 2,
            .hidden = hidden};
}

/// Behind this part of the keys between two knots.
Position place_within(const Knots::value_type& from, const Knots::value_type& to,
                      long double part) {
    const Position begin = std::max(from.first, std::min(from.second.first, to.first));
    return begin + static_cast<Position>(part * distance(begin, to.first));
}

/// How urgent it is to look into a cell, in rows.
long double urgency(const Cell& cell) {
    return std::max({cell.unsure, cell.hidden, cell.rows / (2 * kChunksPerCell)});
}

class DensityMap {
  public:
    DensityMap(const KeyProbe& probe, const Goal& goal, const DensityOptions& options)
        : probe_(probe), goal_(goal), options_(options) {}

    Result<std::optional<Cuts>> cut();

  private:
    struct Urgent {
        long double urgency = 0;
        Position from = 0;
        Position to = 0;
        bool operator<(const Urgent& other) const { return urgency < other.urgency; }
    };

    /// False in these: the key cannot be judged by density.
    Result<bool> begin();
    Result<bool> look_at(Position wanted);
    Result<bool> is_confirmed(const Cuts& cuts);
    Status sample_from(Position place, std::vector<KeyValue>& sample) const;
    Status sample_all_over(std::uint64_t& random, std::vector<KeyValue>& sample) const;
    Status learn_from_sample(const KeyValue& low, const KeyValue& high);
    Result<bool> refine();
    Result<bool> split(const Urgent& cell);

    void enter(Knots::const_iterator from);
    Key key_at(Position place) const;
    std::optional<Position> position(const Key& key) const { return space_->position(key.front()); }
    long double rows_per_chunk() const;
    std::int64_t chunks() const;
    Result<Cuts> cut_evenly();

    KeyProbe probe_;
    Goal goal_;
    DensityOptions options_;
    Key first_key_;
    std::optional<KeySpace> space_;
    Knots knots_;
    std::priority_queue<Urgent> urgent_;
    long double rows_total_ = 0;
};

/// The other columns of the key do not matter: any real or invented key may be asked for.
Key DensityMap::key_at(Position place) const {
    Key key = first_key_;
    key.front() = space_->value_at(place);
    return key;
}

std::int64_t DensityMap::chunks() const {
    const auto limit = static_cast<long double>(goal_.chunks_max);
    if (goal_.count) return std::min(*goal_.count, goal_.chunks_max);
    const long double wanted = std::ceil(rows_total_ / static_cast<long double>(goal_.rows));
    return static_cast<std::int64_t>(std::clamp(wanted, 1.0L, limit));
}

long double DensityMap::rows_per_chunk() const {
    return std::max(1.0L, rows_total_ / static_cast<long double>(chunks()));
}

Result<bool> DensityMap::begin() {
    const auto first = TRY(probe_.first());
    const auto last = TRY(probe_.last());
    if (!first || !last) return false;
    first_key_ = *first;
    space_ = KeySpace::between(first->front(), last->front());
    if (!space_) return false;
    if (space_->has_alphabets() && !probe_.key().takes_any_text) return false;
    if (space_->has_alphabets()) TRY(learn_from_sample(first->front(), last->front()));
    const Position step = space_->size() / static_cast<unsigned>(options_.probes);
    if (step == 0) return false;  // So few values that a walk finds better places to cut.
    for (int number = 0; number < options_.probes; ++number) {
        const bool is_fit = TRY(look_at(step * static_cast<unsigned>(number)));
        if (!is_fit) return false;
    }
    knots_[space_->size()] = {.first = space_->size(), .end = space_->size(), .is_last = true};
    for (auto knot = knots_.cbegin(); std::next(knot) != knots_.cend(); ++knot) enter(knot);
    return true;
}

/// The first key behind the place, and some after it.
Status DensityMap::sample_from(Position place, std::vector<KeyValue>& sample) const {
    constexpr std::int64_t kKeysPerProbe = 16;
    const auto first = TRY(probe_.first(key_at(place)));
    if (!first) return {};
    sample.push_back(first->front());
    const auto keys = TRY(probe_.walk({.from = first,
                                       .every = options_.probe_rows / kKeysPerProbe + 1,
                                       .keys_max = kKeysPerProbe}));
    for (const Key& key : keys) sample.push_back(key.front());
    return {};
}

/// One sample at a random place of each of as many equal pieces as there are probes.
Status DensityMap::sample_all_over(std::uint64_t& random, std::vector<KeyValue>& sample) const {
    constexpr std::uint64_t kScatter = 0x9E3779B97F4A7C15;
    const Position step = space_->size() / static_cast<unsigned>(options_.probes) + 1;
    for (int number = 0; number < options_.probes; ++number) {
        random += kScatter;  // Round places would teach round values only.
        const Position place = step * static_cast<unsigned>(number) + random % step;
        TRY(sample_from(place, sample));
    }
    return {};
}

Status DensityMap::learn_from_sample(const KeyValue& low, const KeyValue& high) {
    std::vector<KeyValue> sample;
    std::uint64_t random = 0;
    for (int round = 0; round < kSampleRounds; ++round) {
        TRY(sample_all_over(random, sample));
        auto better = KeySpace::between(low, high, sample);
        if (!better) return {};
        space_ = std::move(better);
    }
    return {};
}

/// Texts can hide rows where no probe looks, so some chunks are walked: none may be far too large.
Result<bool> DensityMap::is_confirmed(const Cuts& cuts) {
    constexpr std::int64_t kTooMany = 3;
    const std::size_t count = cuts.cuts.size();
    if (!space_->has_alphabets() || count == 0) return true;
    for (const std::size_t chunk : {std::size_t{0}, count / 2, count}) {
        SourceSession::Walk walk{.from = {}, .every = kTooMany * cuts.rows_target, .keys_max = 1};
        if (chunk > 0) walk.from = cuts.cuts[chunk - 1].key;
        const auto reached = TRY(probe_.walk(walk));
        if (reached.empty()) continue;
        if (chunk == count) return false;
        const bool is_inside = TRY(probe_.sorts_before(reached.front(), cuts.cuts[chunk].key));
        if (is_inside) return false;
    }
    return true;
}

Result<bool> DensityMap::look_at(Position wanted) {
    const Key from = key_at(wanted);
    const auto place = space_->position(from.front());
    if (!place) return false;
    const auto first = TRY(probe_.first(from));
    if (!first) return false;  // The last key is not below this place, says the line.
    const auto at = position(*first);
    if (!at || *at < *place) return false;
    const auto end = TRY(probe_.walk({.from = first, .every = options_.probe_rows, .keys_max = 1}));
    Knot knot{.first = *at, .end = 0, .rows = static_cast<long double>(options_.probe_rows)};
    if (end.empty()) {  // Fewer are left.
        knot.end = space_->size() + 1;
        knot.rows /= 2;
    } else {
        const auto reach = position(end.front());
        if (!reach || *reach <= *at) return false;
        knot.end = *reach;
    }
    knot.density = knot.rows / std::max(distance(*place, knot.end), 1.0L);
    knots_[*place] = knot;
    return true;
}

void DensityMap::enter(Knots::const_iterator from) {
    const auto to = std::next(from);
    const Cell cell = cell_between(*from, *to);
    rows_total_ += cell.rows;
    urgent_.push({.urgency = urgency(cell), .from = from->first, .to = to->first});
}

Result<bool> DensityMap::refine() {
    while (!urgent_.empty() && urgent_.top().urgency > rows_per_chunk() / 2) {
        const auto wanted = static_cast<std::size_t>(chunks()) * 2;
        if (knots_.size() >= std::clamp(wanted, kKnotsMin, kKnotsMax)) break;
        const Urgent cell = urgent_.top();
        urgent_.pop();
        const bool is_fit = TRY(split(cell));
        if (!is_fit) return false;
    }
    // What is left in doubt may be too much to be called a plan.
    for (auto knot = knots_.cbegin(); std::next(knot) != knots_.cend(); ++knot) {
        const Cell cell = cell_between(*knot, *std::next(knot));
        if (cell.unsure > kChunksUnsureMax * rows_per_chunk()) return false;
    }
    return true;
}

Result<bool> DensityMap::split(const Urgent& cell) {
    const auto from = knots_.find(cell.from);
    const Cell before = cell_between(*from, *std::next(from));
    const Position middle = cell.from + (cell.to - cell.from) / 2;
    const auto place = space_->position(key_at(middle).front());
    // One place of the line is as near as this key can be looked at; what is unsure there stays so.
    if (!place || *place <= cell.from || *place >= cell.to) return true;
    const bool is_fit = TRY(look_at(middle));
    if (!is_fit) return false;
    rows_total_ -= before.rows;
    enter(from);
    enter(std::next(from));
    return true;
}

Result<Cuts> DensityMap::cut_evenly() {
    const std::int64_t count = chunks();
    const long double rows_each = rows_total_ / static_cast<long double>(count);
    CutList list(probe_, first_key_);
    const auto last = std::prev(knots_.cend());
    auto from = knots_.cbegin();
    Cell cell = cell_between(*from, *std::next(from));
    long double rows_below = 0;  // To the left of the cell.
    for (std::int64_t chunk = 1; chunk < count; ++chunk) {
        const long double rows = rows_each * static_cast<long double>(chunk);
        while (from != last && rows > rows_below + cell.rows) {
            rows_below += cell.rows;
            if (++from != last) cell = cell_between(*from, *std::next(from));
        }
        if (from == last) break;
        const long double part = (rows - rows_below) / std::max(cell.rows, 1e-9L);
        auto key = TRY(probe_.first(key_at(place_within(*from, *std::next(from), part))));
        if (key) TRY(list.add({*std::move(key), static_cast<std::int64_t>(rows)}));
    }
    return Cuts{.cuts = list.take(),
                .rows_total = static_cast<std::int64_t>(std::llround(rows_total_)),
                .rows_target = std::max<std::int64_t>(1, std::llround(rows_each)),
                .by = CutBy::Probes};
}

Result<std::optional<Cuts>> DensityMap::cut() {
    const bool can_begin = TRY(begin());
    if (!can_begin) return std::nullopt;
    const bool is_sure = TRY(refine());
    if (!is_sure) return std::nullopt;
    const std::int64_t wanted = chunks();
    Cuts cuts = TRY(cut_evenly());
    if (std::ssize(cuts.cuts) + 1 < (wanted + 1) / 2) return std::nullopt;
    const bool is_confirmed_plan = TRY(is_confirmed(cuts));
    if (!is_confirmed_plan) return std::nullopt;
    if (goal_.count) {
        cuts.is_limited = *goal_.count > goal_.chunks_max;
    } else {
        cuts.is_limited = rows_total_ > static_cast<long double>(goal_.rows) *
                                            static_cast<long double>(goal_.chunks_max);
        if (!cuts.is_limited) cuts.rows_target = goal_.rows;
    }
    return cuts;
}

}  // namespace

Result<std::optional<Cuts>> cut_by_density(const KeyProbe& probe, const Goal& goal,
                                           const DensityOptions& options) {
    return DensityMap(probe, goal, options).cut();
}

}  // namespace trueup::extract::plan
