#include "codex/home/rollout_words.h"

#include <array>
#include <bit>
#include <cstring>

namespace trueup::codex {
namespace {

// Both words are found by their underscore and the letter behind it: rare enough a pair that what
// follows costs nothing, and two loads for sixteen bytes.
constexpr std::size_t kMetaMark = kMetaWord.find('_');
constexpr std::size_t kEncryptedMark = kEncryptedWord.find('_');
constexpr char kMetaLetter = kMetaWord[kMetaMark + 1];
constexpr char kEncryptedLetter = kEncryptedWord[kEncryptedMark + 1];

using Block = signed char __attribute__((vector_size(16)));
using Halves = std::uint64_t __attribute__((vector_size(16)));

constexpr std::size_t kBlocks = 4;  // At once.
constexpr std::size_t kStep = kBlocks * sizeof(Block);

Block load(const char* at) {
    Block block;
    std::memcpy(&block, at, sizeof block);
    return block;
}

class Search {
  public:
    Search(std::string_view text, std::size_t from, bool wants_encrypted)
        : text_(text),
          from_(from),
          other_letter_(wants_encrypted ? kEncryptedLetter : kMetaLetter),
          wants_encrypted_(wants_encrypted) {}

    WordAt run() {
        // The last byte has no letter behind it.
        std::size_t at = from_;
        for (; at + kStep < text_.size(); at += kStep) {
            if (is_in_step(at)) return found_;
        }
        for (; at + 1 < text_.size(); ++at) {
            if (text_[at] == '_' && is_word(at)) return found_;
        }
        return {};
    }

  private:
    bool is_in_step(std::size_t at) {
        std::array<Block, kBlocks> marks;
        Block any{};
        for (std::size_t i = 0; i < kBlocks; ++i) {
            const char* const place = text_.data() + at + i * sizeof(Block);
            const Block letter = load(place + 1);
            marks[i] = (load(place) == '_') & ((letter == kMetaLetter) | (letter == other_letter_));
            any |= marks[i];
        }
        const auto halves = std::bit_cast<Halves>(any);
        if ((halves[0] | halves[1]) == 0) return false;
        for (std::size_t i = 0; i < kBlocks; ++i) {
            if (is_in_block(at + i * sizeof(Block), marks[i])) return true;
        }
        return false;
    }

    bool is_in_block(std::size_t at, const Block& marks) {
        std::array<signed char, sizeof(Block)> bytes{};
        std::memcpy(bytes.data(), &marks, sizeof marks);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (bytes[i] != 0 && is_word(at + i)) return true;
        }
        return false;
    }

    /// Whether the underscore at `mark` is a word's.
    bool is_word(std::size_t mark) {
        if (stands_at(mark, kMetaMark, kMetaWord)) {
            found_ = {RolloutWord::Meta, mark - kMetaMark};
            return true;
        }
        if (!wants_encrypted_ || !stands_at(mark, kEncryptedMark, kEncryptedWord)) return false;
        found_ = {RolloutWord::Encrypted, mark - kEncryptedMark};
        return true;
    }

    bool stands_at(std::size_t mark, std::size_t inside, std::string_view word) const {
        return mark >= from_ + inside && text_.substr(mark - inside, word.size()) == word;
    }

    std::string_view text_;  // Lives as long as the call that made this.
    std::size_t from_;
    char other_letter_;
    bool wants_encrypted_;
    WordAt found_;
};

}  // namespace

WordAt find_word(std::string_view text, std::size_t from, bool wants_encrypted) {
    return Search(text, from, wants_encrypted).run();
}

}  // namespace trueup::codex
