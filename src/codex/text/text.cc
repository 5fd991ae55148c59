#include "codex/text/text.h"

#include <utility>

#include "base/text.h"
#include "codex/text/tables.h"

namespace trueup::codex {
namespace {

Text one_of(Noun noun) {
    switch (noun) {
        case Noun::Thread: return Text::ThreadsOne;
        case Noun::Rollout: return Text::RolloutsOne;
        case Noun::Row: return Text::RowsOne;
        case Noun::Store: return Text::StoresOne;
        case Noun::Run: return Text::RunsOne;
        case Noun::File: return Text::FilesOne;
    }
    std::unreachable();
}

Text many_of(Noun noun) {
    switch (noun) {
        case Noun::Thread: return Text::ThreadsMany;
        case Noun::Rollout: return Text::RolloutsMany;
        case Noun::Row: return Text::RowsMany;
        case Noun::Store: return Text::StoresMany;
        case Noun::Run: return Text::RunsMany;
        case Noun::File: return Text::FilesMany;
    }
    std::unreachable();
}

}  // namespace

std::string_view words_of(Text text) {
    return table_of(language())[static_cast<std::size_t>(text)].words;
}

std::string tr_with(Text text, std::string_view argument) {
    return fmt::vformat(words_of(text), fmt::make_format_args(argument));
}

std::string counted(std::int64_t number, Noun noun) {
    return tr_with(number == 1 ? one_of(noun) : many_of(noun), grouped(number));
}

}  // namespace trueup::codex
