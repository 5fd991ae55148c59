#include "codex/home/rollout_words.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace trueup::codex {
namespace {

WordAt naive(std::string_view text, std::size_t from, bool wants_encrypted) {
    const std::size_t meta = text.find(kMetaWord, from);
    const std::size_t encrypted = wants_encrypted ? text.find(kEncryptedWord, from) : text.npos;
    if (meta == text.npos && encrypted == text.npos) return {};
    if (meta < encrypted) return {RolloutWord::Meta, meta};
    return {RolloutWord::Encrypted, encrypted};
}

void expect_same(std::string_view text, std::size_t from, bool wants_encrypted) {
    const WordAt got = find_word(text, from, wants_encrypted);
    const WordAt want = naive(text, from, wants_encrypted);
    EXPECT_EQ(got.word, want.word) << text;
    EXPECT_EQ(got.offset, want.offset) << text;
}

// Every place in texts of every length around the steps of the search, and every start.
TEST(RolloutWords, AreFoundAtEveryPlace) {
    for (const std::string_view word : {kMetaWord, kEncryptedWord}) {
        for (std::size_t length = word.size(); length <= 150; ++length) {
            const std::size_t at = length * 7 % (length - word.size() + 1);
            std::string text(length, 'x');
            text.replace(at, word.size(), word);
            expect_same(text, 0, true);
            expect_same(text, 0, false);
            expect_same(text, at, true);
            expect_same(text, at + 1, true);
            expect_same(text.substr(0, at + word.size() - 1), 0, true);
            expect_same(text.substr(at + 1), 0, true);
        }
    }
}

TEST(RolloutWords, NearMissesAreNone) {
    for (const std::string_view text :
         {"", "_", "_m", "\"session_meta", "session_meta\"", "\"session_metal\"",
          "\"Session_meta\"", "\\\"session_meta\\\"", "\"encrypted_content\":null",
          "\"encrypted_content\": \"x\"", "\\\"encrypted_content\\\":\\\"x\\\"",
          "_m_m_m_c_c_c_______________________________"}) {
        EXPECT_EQ(find_word(text, 0, true).word, RolloutWord::None) << text;
        const std::string padded = std::string(70, '_') + std::string(text) + std::string(70, 'm');
        EXPECT_EQ(find_word(padded, 0, true).word, RolloutWord::None) << padded;
    }
}

TEST(RolloutWords, AgreeWithAPlainSearch) {
    rc::check([] {
        std::string text;
        const int parts = *rc::gen::inRange(0, 12);
        for (int i = 0; i < parts; ++i) {
            text += *rc::gen::element<std::string>(
                std::string(kMetaWord), std::string(kEncryptedWord), "\"session", "_meta\"", "_m",
                "_c", "_", "\"", std::string(17, 'x'), std::string(64, '_'));
        }
        const auto from = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
        const bool wants = *rc::gen::arbitrary<bool>();
        const WordAt got = find_word(text, from, wants);
        const WordAt want = naive(text, from, wants);
        RC_ASSERT(got.word == want.word);
        RC_ASSERT(got.offset == want.offset);
    });
}

}  // namespace
}  // namespace trueup::codex
