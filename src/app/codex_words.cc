#include "app/codex_words.h"

#include <fmt/format.h>

#include <utility>

#include "codex/text/text.h"

namespace trueup::app {

using codex::Action;
using codex::BackfillState;
using codex::ConfigState;
using codex::counted;
using codex::Notice;
using codex::NoticeKind;
using codex::Noun;
using codex::ProviderOrigin;
using codex::Reason;
using codex::RolloutProblem;
using codex::StoreResult;
using codex::Text;
using codex::tr;

std::string word_of(BackfillState state) {
    switch (state) {
        case BackfillState::Ready: return tr(Text::BackfillReady);
        case BackfillState::Running: return tr(Text::BackfillRunning);
        case BackfillState::Stale: return tr(Text::BackfillStale);
    }
    std::unreachable();
}

std::string word_of(StoreResult result) {
    switch (result) {
        case StoreResult::Updated: return tr(Text::ResultUpdated);
        case StoreResult::Missing: return tr(Text::ResultMissing);
        case StoreResult::Backfill: return tr(Text::ResultBackfill);
        case StoreResult::Locked: return tr(Text::ResultLocked);
        case StoreResult::Failed: return tr(Text::ResultFailed);
    }
    std::unreachable();
}

std::string word_of(Action action) {
    switch (action) {
        case Action::Match: return tr(Text::ActionMatch);
        case Action::Patch: return tr(Text::ActionPatch);
        case Action::Grow: return tr(Text::ActionGrow);
        case Action::RowOnly: return tr(Text::ActionRowOnly);
        case Action::Blocked: return tr(Text::ActionBlocked);
        case Action::Bad: return tr(Text::ActionBad);
    }
    std::unreachable();
}

std::string word_of(Reason reason) {
    switch (reason) {
        case Reason::None: return "";
        case Reason::OpenElsewhere: return tr(Text::ReasonOpen);
        case Reason::MaybeOpen: return tr(Text::ReasonMaybeOpen);
        case Reason::Paginated: return tr(Text::ReasonPaginated);
        case Reason::HardLinked: return tr(Text::ReasonHardLinked);
        case Reason::OutsideHome: return tr(Text::ReasonOutsideHome);
        case Reason::ReadOnly: return tr(Text::ReasonReadOnly);
        case Reason::Unreadable: return tr(Text::ReasonUnreadable);
        case Reason::Empty: return tr(Text::ReasonEmpty);
        case Reason::NotJson: return tr(Text::ReasonNotJson);
        case Reason::NoMeta: return tr(Text::ReasonNoMeta);
        case Reason::Damaged: return tr(Text::ReasonDamaged);
        case Reason::ChangedMeanwhile: return tr(Text::ReasonChanged);
        case Reason::StoreUnavailable: return tr(Text::ReasonStore);
        case Reason::WriteFailed: return tr(Text::ReasonWriteFailed);
        case Reason::RolledBack: return tr(Text::ReasonRolledBack);
        case Reason::NoOriginal: return tr(Text::ReasonNoOriginal);
    }
    std::unreachable();
}

std::string word_of(RolloutProblem problem) {
    switch (problem) {
        case RolloutProblem::None: return "";
        case RolloutProblem::Missing: return tr(Text::ProblemMissing);
        case RolloutProblem::Unreadable: return tr(Text::ProblemUnreadable);
        case RolloutProblem::NotAFile: return tr(Text::ProblemNotAFile);
        case RolloutProblem::Empty: return tr(Text::ProblemEmpty);
        case RolloutProblem::NotJson: return tr(Text::ProblemNotJson);
        case RolloutProblem::NoMeta: return tr(Text::ProblemNoMeta);
        case RolloutProblem::TooLong: return tr(Text::ProblemTooLong);
        case RolloutProblem::Damaged: return tr(Text::ProblemDamaged);
    }
    std::unreachable();
}

std::string sentence_of(const Notice& notice) {
    switch (notice.kind) {
        case NoticeKind::WaitingForLock: return tr(Text::NoticeLock);
        case NoticeKind::WaitingForBackfill: return tr(Text::NoticeBackfill, notice.subject);
        case NoticeKind::WaitingForStore: return tr(Text::NoticeStore, notice.subject);
        case NoticeKind::RecoveredRun:
            return tr(Text::NoticeRecovered, notice.subject, notice.count);
        case NoticeKind::StaleBackfill: return tr(Text::NoticeStale, notice.subject);
        case NoticeKind::UnknownProvider: return tr(Text::NoticeUnknownProvider, notice.subject);
        case NoticeKind::Encrypted:
            return tr(Text::NoticeEncrypted, counted(notice.count, Noun::Thread));
    }
    std::unreachable();
}

std::string provider_text(const std::optional<std::string>& provider) {
    return provider ? *provider : tr(Text::WordNoProvider);
}

namespace {

std::string origin_text(const codex::Settings& settings) {
    const std::string profile = settings.profile.value_or("");
    switch (settings.origin) {
        case ProviderOrigin::Option: return tr(Text::OriginOption);
        case ProviderOrigin::ProfileFile: return tr(Text::OriginProfileFile, profile);
        case ProviderOrigin::ProfileTable: return tr(Text::OriginProfileTable, profile);
        case ProviderOrigin::ConfigFile: return tr(Text::OriginConfig);
        case ProviderOrigin::Default: return tr(Text::OriginDefault);
    }
    std::unreachable();
}

}  // namespace

std::string target_text(const codex::Settings& settings) {
    return tr(Text::TargetAndOrigin, settings.provider, origin_text(settings));
}

std::string config_text(const codex::Settings& settings) {
    switch (settings.config) {
        case ConfigState::Present: return settings.config_path;
        case ConfigState::Empty: return tr(Text::ConfigEmpty, settings.config_path);
        case ConfigState::Missing: return tr(Text::ConfigMissing, settings.config_path);
    }
    std::unreachable();
}

std::string_view name_of(BackfillState state) {
    switch (state) {
        case BackfillState::Ready: return "ready";
        case BackfillState::Running: return "running";
        case BackfillState::Stale: return "stale";
    }
    std::unreachable();
}

std::string_view name_of(ConfigState state) {
    switch (state) {
        case ConfigState::Present: return "present";
        case ConfigState::Empty: return "empty";
        case ConfigState::Missing: return "missing";
    }
    std::unreachable();
}

std::string_view name_of(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::WaitingForLock: return "waiting-for-lock";
        case NoticeKind::WaitingForBackfill: return "waiting-for-backfill";
        case NoticeKind::WaitingForStore: return "waiting-for-store";
        case NoticeKind::RecoveredRun: return "recovered-run";
        case NoticeKind::StaleBackfill: return "stale-backfill";
        case NoticeKind::UnknownProvider: return "unknown-provider";
        case NoticeKind::Encrypted: return "encrypted";
    }
    std::unreachable();
}

}  // namespace trueup::app
