#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// TOML documents: configuration files of other programs, of which we read a few keys. Every error
/// (Config) starts with `file_name:line:column: `, both from 1, columns in characters.
namespace trueup::toml {

inline constexpr std::size_t kBytesMax = std::size_t{1} << 20U;
/// Dots outside texts that one statement may hold: so deep can its keys nest.
inline constexpr int kDotsMax = 512;

/// From the outermost table inwards: {"profiles", "work", "model_provider"}.
using Path = std::initializer_list<std::string_view>;

/// A document that was read as a whole. Move-only.
class Document {
  public:
    /// All of `text` must be valid TOML 1.0; a byte order mark in front is fine.
    static Result<Document> parse(std::string_view text, std::string_view file_name);
    Document(Document&& other) noexcept;
    Document& operator=(Document&& other) noexcept;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    ~Document();

    /// The text at `path`; nothing when it, or a table on the way to it, is missing. An error when
    /// something else than a text, or on the way than a table, stands there.
    Result<std::optional<std::string>> text(Path path) const;
    /// Keys of the table at `path`, sorted; nothing when it is missing, an error as for text().
    Result<std::optional<std::vector<std::string>>> keys(Path path) const;

  private:
    struct Tree;
    Document(std::unique_ptr<Tree> tree, std::string_view file_name);
    std::unique_ptr<Tree> tree_;
    std::string file_name_;
};

}  // namespace trueup::toml
