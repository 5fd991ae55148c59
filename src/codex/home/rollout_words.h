#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The words that tell whether a line of a rollout is worth a look. Private to this module.
namespace trueup::codex {

/// As Codex spells the type of a record, and so every other writer of JSON that escapes no more
/// than it must. Inside a text its quotes would be escaped, so it cannot be part of one.
inline constexpr std::string_view kMetaWord = R"("session_meta")";
/// Encrypted reasoning; without it the value is null.
inline constexpr std::string_view kEncryptedWord = R"("encrypted_content":")";
inline constexpr std::size_t kWordBytesMax = kEncryptedWord.size();

enum class RolloutWord : std::uint8_t { None, Meta, Encrypted };

struct WordAt {
    RolloutWord word = RolloutWord::None;
    std::size_t offset = 0;  // Of its first byte.
};

/// The first word that begins at `from` or later, Encrypted only when it is wanted.
WordAt find_word(std::string_view text, std::size_t from, bool wants_encrypted);

}  // namespace trueup::codex
