#include "app/codex_json.h"

#include "app/codex_words.h"
#include "app/view.h"
#include "core/verdict.h"

namespace trueup::app {
namespace {

using codex::ThreadOutcome;

json::Value store_json(const codex::StoreOutcome& store) {
    return {{"kind", name_of(store.store.kind)},
            {"path", store.store.path},
            {"result", name_of(store.result)},
            {"detail", store.detail},
            {"rows", store.rows},
            {"rows_changed", store.rows_changed},
            {"backup", json_text(store.backup)}};
}

json::Value threads_json(const std::vector<ThreadOutcome>& threads) {
    json::Value out = json::Value::array();
    for (const ThreadOutcome& thread : threads) {
        out.push_back({{"id", thread.id},
                       {"action", name_of(thread.action)},
                       {"reason", name_of(thread.reason)},
                       {"detail", thread.detail},
                       {"paths", thread.paths}});
    }
    return out;
}

json::Value notices_json(const std::vector<codex::Notice>& notices) {
    json::Value out = json::Value::array();
    for (const codex::Notice& notice : notices) {
        out.push_back(
            {{"kind", name_of(notice.kind)}, {"subject", notice.subject}, {"count", notice.count}});
    }
    return out;
}

}  // namespace

json::Value json_text(const std::optional<std::string>& text) {
    return text ? json::Value(*text) : json::Value();
}

json::Value backfill_json(const codex::Backfill& backfill) {
    std::optional<UnixMicros> sign_of_life;
    if (backfill.updated_at) sign_of_life = *backfill.updated_at * 1'000'000;
    return {{"state", name_of(backfill.state)},
            {"status", json_text(backfill.status)},
            {"updated_at", json_time(sign_of_life)}};
}

json::Value config_json(const codex::Settings& settings) {
    return {{"path", settings.config_path},
            {"state", name_of(settings.config)},
            {"profile", json_text(settings.profile)},
            {"profile_path", json_text(settings.profile_path)}};
}

json::Value target_json(const codex::Settings& settings) {
    return {{"provider", settings.provider},
            {"origin", name_of(settings.origin)},
            {"known", settings.is_known_provider}};
}

json::Value run_json(const codex::RunSummary& run) {
    return {{"run_id", run.run_id},
            {"command", name_of(run.kind)},
            {"target", run.target},
            {"started_at", json_time(run.started_at)},
            {"finished_at", json_time(run.finished_at)},
            {"rollouts", run.rollouts},
            {"rows", run.rows},
            {"left", run.left},
            {"bytes", run.bytes},
            {"undone_by", json_text(run.undone_by)},
            {"can_undo", run.can_undo}};
}

json::Value outcome_json(const codex::RunOutcome& outcome) {
    json::Value stores = json::Value::array();
    for (const codex::StoreOutcome& store : outcome.stores) stores.push_back(store_json(store));
    return {{"schema", "trueup.codex.run/1"},
            {"command", name_of(outcome.kind)},
            {"run_id", json_text(outcome.run_id)},
            {"undoes", json_text(outcome.undoes)},
            {"dry_run", outcome.is_dry_run},
            {"target", {{"provider", outcome.target}, {"origin", name_of(outcome.origin)}}},
            {"verdict", core::name_of(outcome.verdict())},
            {"started_at", json_time(outcome.started_at)},
            {"elapsed_ms", outcome.elapsed.count()},
            {"threads",
             {{"all", outcome.threads},
              {"matched", outcome.matched},
              {"changed", outcome.changed.size()},
              {"left", outcome.left},
              {"encrypted", outcome.encrypted}}},
            {"rollouts",
             {{"all", outcome.rollouts}, {"patched", outcome.patched}, {"grown", outcome.grown}}},
            {"rows_changed", outcome.rows_changed},
            {"stores", stores},
            {"changed", threads_json(outcome.changed)},
            {"left", threads_json(outcome.left_out)},
            {"notices", notices_json(outcome.notices)}};
}

}  // namespace trueup::app
