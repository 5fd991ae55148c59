#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "extract/config/config.h"
#include "extract/config/keys.h"
#include "extract/config/substitute.h"
#include "yaml/yaml.h"

/// The tree of a configuration, checked against the table of keys and read through it.
namespace trueup::extract {

/// Words the errors and warnings about one file.
class Messages {
  public:
    Messages(std::string file, const Substitution& substitution)
        : file_(std::move(file)), substitution_(&substitution) {}

    std::unexpected<Error> refuse(yaml::Position at, std::string_view sentence,
                                  std::string_view hint = {}) const;
    void warn(yaml::Position at, std::string_view sentence);
    /// A text of the file in quotes: shortened, printable, without substituted values.
    std::string quoted(std::string_view text) const;
    /// The text with every substituted value in it turned back into `${NAME}`.
    std::string as_written(std::string text) const {
        return substitution_->hide_values(std::move(text));
    }
    std::vector<std::string> take_warnings() { return std::move(warnings_); }

  private:
    std::string sentence_at(yaml::Position at, std::string_view sentence) const;

    std::string file_;
    const Substitution* substitution_;
    std::vector<std::string> warnings_;
};

/// One map of the file. check() looks at everything the table of keys says; after it succeeded the
/// getters cannot fail. They take names of the table only (checked), and give its defaults.
/// Borrows the tree, the table and the messages.
class Section {
  public:
    /// `node` may be null: the section is absent and stands at `at`.
    Section(const SectionSpec& spec, const yaml::Node* node, std::string path, yaml::Position at,
            Messages& messages);

    Status check() const;

    bool is_present() const { return node_ != nullptr; }
    /// Written, and not left empty.
    bool has(std::string_view key) const;
    /// Of the value, or of the section when the key is absent.
    yaml::Position at(std::string_view key) const;
    yaml::Position at() const { return at_; }
    /// "exports[0]"; "" for the whole file.
    const std::string& path() const { return path_; }
    /// "exports[0].chunk_size"
    std::string path_of(std::string_view key) const;

    /// The value, else the default of the table, else nothing.
    std::optional<std::string> text(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key) const;
    std::optional<std::uint64_t> size(std::string_view key) const;
    bool flag(std::string_view key) const;
    std::optional<int> choice_value(std::string_view key) const;
    /// The choice as written, else the default, else "".
    std::string_view choice_name(std::string_view key) const;
    template <class E>
    std::optional<E> choice(std::string_view key) const {
        const auto value = choice_value(key);
        if (!value) return std::nullopt;
        return static_cast<E>(*value);
    }
    /// Of TextList and TextOrList; empty when absent.
    std::vector<std::string> texts(std::string_view key) const;
    /// Of Ratios; empty when absent.
    std::vector<std::pair<std::string, double>> ratios(std::string_view key) const;
    Section section(std::string_view key) const;
    std::vector<Section> sections(std::string_view key) const;
    /// The raw entries of a map (Columns); null when absent.
    const yaml::Node* node(std::string_view key) const;

    const SectionSpec& spec() const { return *spec_; }
    Messages& messages() const { return *messages_; }
    /// An error about `key`: its place, its path, then `sentence`.
    std::unexpected<Error> refuse(std::string_view key, std::string_view sentence,
                                  std::string_view hint = {}) const;
    void warn(std::string_view key, std::string_view sentence) const;
    /// Refuses written keys that do not go with the value of the key `type`.
    Status refuse_foreign_keys() const;

  private:
    Status check_key(const Key& key, const yaml::Node& value) const;
    Status check_scalar(const Key& key, const yaml::Node& value) const;
    Status check_number(const Key& key, const yaml::Node& value) const;
    Status check_text(const Key& key, const yaml::Node& value) const;
    Status check_choice(const Key& key, const yaml::Node& value) const;
    Status check_integer(const Key& key, const yaml::Node& value) const;
    Status check_list(const Key& key, const yaml::Node& value) const;
    Status check_ratios(const Key& key, const yaml::Node& value) const;
    Status check_columns(const Key& key, const yaml::Node& value) const;
    Status check_column(const Key& key, const yaml::Entry& entry) const;
    Status check_sections(const Key& key, const yaml::Node& value) const;
    Status check_availability(const Key& key, const yaml::Node& value) const;
    std::unexpected<Error> unknown_key(const yaml::Node& key) const;
    std::unexpected<Error> wrong_type(const Key& key, const yaml::Node& value) const;
    const Key& key_named(std::string_view key) const;
    const yaml::Node* written(std::string_view key) const;

    const SectionSpec* spec_;
    const yaml::Node* node_;
    std::string path_;
    yaml::Position at_;
    Messages* messages_;
};

/// "512MB" in bytes: B, KB, MB, GB, TB (steps of 1024), fractions allowed; nothing when it is not
/// such a text, 0 or beyond 2^62.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// `key: value` to show in a hint.
std::string example_of(const Key& key);

/// The default of a key that depends on the profile, else its plain default, else nothing.
std::optional<std::int64_t> default_for(const Key& key, Profile profile);

}  // namespace trueup::extract
