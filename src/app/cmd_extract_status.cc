#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "base/text.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest_store.h"

namespace trueup::app {
namespace {

using extract::ChunkRecord;
using extract::ChunkStatus;
using extract::Ledger;
using extract::ManifestPart;
using extract::RunRecord;
using extract::RunStatus;
using extract::VerificationRecord;

/// How many verified ranges people see; --json has all of them.
constexpr std::size_t kRangesShownMax = 20;

struct StatusOptions : ConfigOptions {
    bool has_chunks = false;
    bool has_files = false;
    int runs_max = 5;
};

void status_flags(CLI::App& app, StatusOptions& options) {
    app.add_flag("--chunks", options.has_chunks,
                 "List the chunks of the unfinished run, else of the last one");
    app.add_flag("--files", options.has_files, "List the files that are the export");
    app.add_option("-l,--last", options.runs_max, "How many runs to list (default 5)")
        ->type_name("N")
        ->check(CLI::Range(1, 100'000));
}

/// What is known of one export.
struct ExportStatus {
    std::string name;
    std::vector<RunRecord> runs;  // Newest first.
    std::optional<RunRecord> unfinished;
    bool is_at_work = false;  // Somebody alive is busy with the unfinished run.
    std::int64_t chunks_done = 0;
    std::vector<ChunkRecord> chunks;  // Of the unfinished run, else of the newest.
    std::optional<extract::Manifest> manifest;
    std::string files_note;  // Why there is no manifest.
    std::optional<VerificationRecord> verification;
};

bool is_unfinished(const RunRecord& run) {
    return run.status == RunStatus::Running || run.status == RunStatus::Failed;
}

Result<bool> has_living_owner(const Ledger& ledger, const RunRecord& run, UnixMicros now) {
    extract::LeaseRequest asking;
    asking.process = system_processes().self();
    asking.now = now;
    const auto leases = TRY(ledger.leases());
    return std::ranges::any_of(leases, [&](const extract::LeaseRecord& lease) {
        return lease.prefix == run.prefix &&
               extract::is_owner_alive(lease, asking, system_processes());
    });
}

/// The files of the last finished run, as their manifest lists them.
void read_files(ExportStatus& status) {
    const auto done = std::ranges::find(status.runs, RunStatus::Done, &RunRecord::status);
    if (done == status.runs.end()) {
        status.files_note = "no run is finished: there is no manifest yet";
        return;
    }
    auto manifest = extract::read_manifest(done->prefix);
    if (!manifest) {
        status.files_note = manifest.error().message;
    } else if (!*manifest) {
        status.files_note = fmt::format("there is no manifest in {}", done->prefix);
    } else {
        status.manifest = **std::move(manifest);
    }
}

Result<ExportStatus> look(const Ledger& ledger, const std::string& name, UnixMicros now) {
    ExportStatus status;
    status.name = name;
    extract::LedgerFilter filter;
    filter.export_name = name;
    filter.limit = 100'000;
    status.runs = TRY(ledger.runs(filter));
    const auto open = std::ranges::find_if(status.runs, is_unfinished);
    if (open != status.runs.end()) {
        status.unfinished = *open;
        status.is_at_work = TRY(has_living_owner(ledger, *open, now));
    }
    if (!status.runs.empty()) {
        const RunRecord& shown = status.unfinished ? *status.unfinished : status.runs.front();
        status.chunks = TRY(ledger.chunks(shown.run_id));
        status.chunks_done =
            std::ranges::count(status.chunks, ChunkStatus::Done, &ChunkRecord::status);
    }
    filter.limit = 1;
    auto verifications = TRY(ledger.verifications(filter));
    if (!verifications.empty()) status.verification = std::move(verifications.front());
    read_files(status);
    return status;
}

/// "running" only while somebody alive is at it.
std::string state_of(const ExportStatus& status, const RunRecord& run) {
    const bool was_killed = run.status == RunStatus::Running && !status.is_at_work;
    return was_killed ? "interrupted" : std::string(name_of(run.status));
}

term::Style style_of(RunStatus status) {
    switch (status) {
        case RunStatus::Done: return term::Style::Good;
        case RunStatus::Failed: return term::Style::Bad;
        case RunStatus::Running: return term::Style::Warning;
        case RunStatus::Abandoned: return term::Style::Faint;
    }
    std::unreachable();
}

json::Value run_json(const ExportStatus& status, const RunRecord& run) {
    return {{"run_id", run.run_id},
            {"state", state_of(status, run)},
            {"started_at", json_time(run.started_at)},
            {"finished_at", json_time(run.finished_at)},
            {"rows", run.rows},
            {"parts", run.parts},
            {"bytes", run.bytes},
            {"generation", run.generation},
            {"resumes", run.resumes},
            {"prefix", run.prefix},
            {"error", run.error}};
}

json::Value chunk_json(const ChunkRecord& chunk) {
    return {{"id", chunk.chunk_id},
            {"kind", chunk.kind},
            {"bounds", json_stored(chunk.bounds_json)},
            {"state", name_of(chunk.status)},
            {"attempts", chunk.attempts},
            {"rows", chunk.rows},
            {"bytes", chunk.bytes},
            {"error", chunk.last_error}};
}

json::Value verification_json(const VerificationRecord& verification) {
    json::Value ranges = json::Value::array();
    for (const auto& range : verification.ranges) {
        ranges.push_back({{"chunk", range.chunk_id},
                          {"bounds", json_stored(range.bounds_json)},
                          {"rows", range.rows}});
    }
    return {{"at", json_time(verification.at)},
            {"run_id", verification.run_id},
            {"generation", verification.generation},
            {"command", verification.command},
            {"evidence", verification.evidence},
            {"verdict", verification.verdict},
            {"ranges", ranges}};
}

json::Value to_json(const ExportStatus& status, const StatusOptions& options) {
    json::Value runs = json::Value::array();
    for (const RunRecord& run : status.runs) {
        if (std::ssize(runs) < options.runs_max) runs.push_back(run_json(status, run));
    }
    json::Value answer = {{"export", status.name}, {"runs", runs}, {"unfinished", nullptr}};
    if (status.unfinished) {
        answer["unfinished"] = {{"run_id", status.unfinished->run_id},
                                {"is_at_work", status.is_at_work},
                                {"chunks_done", status.chunks_done},
                                {"chunks", status.chunks.size()}};
    }
    answer["verified"] =
        status.verification ? verification_json(*status.verification) : json::Value();
    if (options.has_chunks) {
        json::Value chunks = json::Value::array();
        for (const ChunkRecord& chunk : status.chunks) chunks.push_back(chunk_json(chunk));
        answer["chunks"] = chunks;
    }
    if (!options.has_files) return answer;
    json::Value files = json::Value::array();
    for (const ManifestPart& part :
         status.manifest ? status.manifest->parts : std::vector<ManifestPart>()) {
        if (!part.is_committed) continue;
        files.push_back({{"path", part.path},
                         {"chunk", part.chunk_id},
                         {"rows", part.rows},
                         {"bytes", part.bytes},
                         {"sha256", part.sha256}});
    }
    answer["files"] = files;
    return answer;
}

std::string bytes_text(std::int64_t bytes) {
    return human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
}

void print_runs(const Context& context, const ExportStatus& status, int runs_max) {
    term::Table table({{"Run", term::Align::Left, false},
                       {"State"},
                       {"Started"},
                       {"Rows", term::Align::Right, false},
                       {"Parts", term::Align::Right, false},
                       {"Size", term::Align::Right, false},
                       {"Took"}});
    for (const RunRecord& run : status.runs) {
        if (runs_max-- == 0) break;
        const double seconds =
            run.finished_at ? static_cast<double>(*run.finished_at - run.started_at) / 1e6 : 0;
        table.add_row({{run.run_id},
                       {state_of(status, run), style_of(run.status)},
                       {context.human_time(run.started_at)},
                       {grouped(run.rows)},
                       {grouped(run.parts)},
                       {bytes_text(run.bytes)},
                       {run.finished_at ? human_seconds(seconds) : "", term::Style::Faint}});
    }
    print_table(context, table);
}

void print_unfinished(const Context& context, const ExportStatus& status) {
    if (!status.unfinished) return;
    const RunRecord& run = *status.unfinished;
    context.out().write("\n");
    print_line(context, fmt::format("unfinished  {} done",
                                    bar_text(context, {.done = status.chunks_done,
                                                       .total = std::ssize(status.chunks)})));
    if (!run.error.empty()) print_line(context, "it stopped: " + run.error);
    print_line(context, status.is_at_work
                            ? "it is at work now"
                            : R"("trueup extract run" goes on with it; --fresh gives it up)");
}

void print_chunks(const Context& context, const ExportStatus& status) {
    term::Table table({{"Chunk", term::Align::Right, false},
                       {"Kind"},
                       {"Bounds"},
                       {"State"},
                       {"Attempts", term::Align::Right, false},
                       {"Rows", term::Align::Right, false},
                       {"Size", term::Align::Right, false},
                       {"Error"}});
    for (const ChunkRecord& chunk : status.chunks) {
        table.add_row({{fmt::format("{}", chunk.chunk_id)},
                       {chunk.kind},
                       {bounds_text(chunk.bounds_json)},
                       {std::string(name_of(chunk.status))},
                       {grouped(chunk.attempts)},
                       {grouped(chunk.rows)},
                       {bytes_text(chunk.bytes)},
                       {chunk.last_error, term::Style::Bad}});
    }
    print_table(context, table);
}

void print_files(const Context& context, const ExportStatus& status) {
    context.out().write("\n");
    if (!status.manifest) {
        print_line(context, status.files_note);
        return;
    }
    const auto totals = status.manifest->totals();
    print_line(context, fmt::format("{} in generation {}: {} rows, {}",
                                    counted(totals.parts, "file"), status.manifest->generation,
                                    grouped(totals.rows), bytes_text(totals.bytes)));
    term::Table table({{"File", term::Align::Left, false},
                       {"Chunk", term::Align::Right, false},
                       {"Rows", term::Align::Right, false},
                       {"Size", term::Align::Right, false}});
    for (const ManifestPart& part : status.manifest->parts) {
        if (!part.is_committed) continue;
        table.add_row({{part.path},
                       {fmt::format("{}", part.chunk_id)},
                       {grouped(part.rows)},
                       {bytes_text(part.bytes)}});
    }
    print_table(context, table);
}

void print_verification(const Context& context, const ExportStatus& status) {
    if (!status.verification) return;
    const VerificationRecord& found = *status.verification;
    context.out().write("\n");
    print_line(context, fmt::format("verified {} by {} ({}): {}, {}", context.human_time(found.at),
                                    found.command, found.evidence, found.verdict,
                                    counted(std::ssize(found.ranges), "range")));
    if (found.ranges.empty()) return;
    term::Table table({{"Chunk", term::Align::Right, false},
                       {"Verified range"},
                       {"Rows", term::Align::Right, false}});
    for (const auto& range : found.ranges) {
        if (&range - found.ranges.data() == kRangesShownMax) break;
        table.add_row({{fmt::format("{}", range.chunk_id)},
                       {bounds_text(range.bounds_json)},
                       {grouped(range.rows)}});
    }
    print_table(context, table);
    if (found.ranges.size() > kRangesShownMax) {
        print_line(context, fmt::format("and {} more (--json has all of them)",
                                        found.ranges.size() - kRangesShownMax));
    }
}

void print_export(const Context& context, const ExportStatus& status,
                  const StatusOptions& options) {
    if (status.runs.empty()) {
        context.out().write(
            fmt::format("{}: nothing recorded yet; \"trueup extract run\" makes the first run\n",
                        printable(status.name)));
        return;
    }
    const RunRecord& newest = status.runs.front();
    print_heading(context, status.name);
    print_line(context, newest.prefix);
    print_runs(context, status, options.runs_max);
    print_unfinished(context, status);
    if (options.has_chunks) print_chunks(context, status);
    if (options.has_files) print_files(context, status);
    print_verification(context, status);
}

Result<core::Verdict> run_status(const StatusOptions& options, Context& context) {
    const extract::Config config = TRY(load_config(options, context));
    const auto exports = TRY(selected_exports(config, options));
    const auto ledger = TRY(Ledger::open_read_only(extract::ledger_path(config.file)));
    json::Value answers = json::Value::array();
    bool is_first = true;
    for (const extract::Export* wanted : exports) {
        ExportStatus status;
        status.name = wanted->name;
        if (ledger) status = TRY(look(*ledger, wanted->name, context.clock().now()));
        answers.push_back(to_json(status, options));
        if (context.is_json()) continue;
        const bool is_section = !status.runs.empty();
        if (is_section && !is_first) context.out().write("\n");
        is_first = false;
        print_export(context, status, options);
    }
    if (context.is_json()) print_json(context, {{"exports", answers}});
    return core::Verdict::Clean;
}

}  // namespace

Command extract_status_command() {
    return command<StatusOptions>(
        {"extract", "status", "Show runs, chunks, files and what was verified"}, Needs::Config,
        status_flags, run_status);
}

}  // namespace trueup::app
