#include "yaml/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace trueup::yaml {
namespace {

Position position_of(const YAML::Mark& mark) {
    // The library marks "nowhere" with -1.
    return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

/// Thrown through the library's parser, caught in parse().
struct Refusal {
    Position at;
    std::string sentence;
};

/// The text by lines, for what the library does not tell.
class Lines {
  public:
    explicit Lines(std::string_view text) : lines_(split(text, '\n')) {}
    /// The text of a line from a column on; both from 1. Empty beyond the end.
    std::string_view from(Position at) const {
        const auto line = static_cast<std::size_t>(at.line - 1);
        const auto column = static_cast<std::size_t>(at.column - 1);
        if (line >= lines_.size() || column > lines_[line].size()) return {};
        return lines_[line].substr(column);
    }
    std::string_view line(int number) const { return from({number, 1}); }

  private:
    std::vector<std::string_view> lines_;
};

/// The word for null that stands at the start of `text`, or nothing when null was left unsaid.
std::string_view null_word(std::string_view text) {
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
        if (text.starts_with(word)) return word;
    }
    return {};
}

struct Size {
    int nodes = 1;
    int depth = 1;
};

Size size_of(const Node& node) {
    Size size;
    const auto add = [&size](const Node& child) {
        const Size inner = size_of(child);
        size.nodes += inner.nodes;
        size.depth = std::max(size.depth, inner.depth + 1);
    };
    for (const Node& item : node.items) add(item);
    for (const Entry& entry : node.entries) {
        add(entry.value);
        ++size.nodes;
    }
    return size;
}

/// Builds our tree from the library's events. Anchored nodes are kept as copies; the copies count
/// against kNodesMax, so aliases of aliases cannot grow beyond it.
class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(const Lines& lines, const Relocate& relocate)
        : lines_(&lines), relocate_(&relocate) {}
    Node take() { return std::move(root_); }

    // NOLINTBEGIN(readability-identifier-naming): the names are the library's.
    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) {
            throw Refusal{place_of(mark), "a second document begins; one file holds one document"};
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node = new_node(mark);
        const std::string_view word = null_word(lines_->from(position_of(mark)));
        if (wants_key() && !word.empty()) {
            node.kind = Node::Kind::Scalar;
            node.scalar = word;
        } else if (word.empty() && is_value_of_key()) {
            // Nothing was written: the place is the key, not whatever follows.
            node.at = open_.back().key->at;
        }
        finish(std::move(node), anchor);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node node = new_node(mark);
        refuse_tag(tag, node);
        node.kind = Node::Kind::Scalar;
        node.scalar = value;
        node.is_quoted = tag != "?" && !tag.empty();
        finish(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        const Position at = place_of(mark);
        if (found == anchors_.end()) throw Refusal{at, "an alias stands inside its own anchor"};
        const Size size = size_of(found->second);
        count(size.nodes, at);
        if (depth() + size.depth > kDepthMax) throw too_deep(at);
        place(found->second);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(Node::Kind::Sequence, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(Node::Kind::Map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }
    // NOLINTEND(readability-identifier-naming)

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor;
        std::optional<Node> key;
        std::map<std::string, Position> keys;
    };

    Position place_of(const YAML::Mark& mark) const {
        const Position at = position_of(mark);
        return *relocate_ ? (*relocate_)(at) : at;
    }
    int depth() const { return static_cast<int>(open_.size()); }
    bool is_in_map() const { return !open_.empty() && open_.back().node.kind == Node::Kind::Map; }
    bool wants_key() const { return is_in_map() && !open_.back().key; }
    bool is_value_of_key() const { return is_in_map() && open_.back().key; }

    static Refusal too_deep(Position at) {
        return {at, fmt::format("nested deeper than {} levels", kDepthMax)};
    }

    void count(int nodes, Position at) {
        nodes_ += nodes;
        if (nodes_ > kNodesMax) {
            throw Refusal{at,
                          fmt::format("more than {} values, aliases counted in full", kNodesMax)};
        }
    }

    static void refuse_tag(const std::string& tag, const Node& node) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
        throw Refusal{node.at, "tags (!name) are not understood here"};
    }

    Node new_node(const YAML::Mark& mark) {
        Node node;
        node.at = place_of(mark);
        count(1, node.at);
        return node;
    }

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor) {
        Node node = new_node(mark);
        refuse_tag(tag, node);
        node.kind = kind;
        if (depth() >= kDepthMax) throw too_deep(node.at);
        open_.push_back({std::move(node), anchor, std::nullopt, {}});
    }

    void close() {
        Node node = std::move(open_.back().node);
        const YAML::anchor_t anchor = open_.back().anchor;
        open_.pop_back();
        finish(std::move(node), anchor);
    }

    void finish(Node node, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) {
            count(size_of(node).nodes, node.at);
            anchors_[anchor] = node;
        }
        place(std::move(node));
    }

    void place(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().node.kind == Node::Kind::Sequence) {
            open_.back().node.items.push_back(std::move(node));
        } else if (open_.back().key) {
            open_.back().node.entries.push_back({std::move(*open_.back().key), std::move(node)});
            open_.back().key.reset();
        } else {
            place_key(std::move(node));
        }
    }

    void place_key(Node node) {
        const Position at = node.at;
        if (node.kind != Node::Kind::Scalar)
            throw Refusal{at, "a key must be a single word or text"};
        const auto [earlier, is_new] = open_.back().keys.emplace(node.scalar, at);
        if (!is_new) {
            throw Refusal{at, fmt::format("\"{}\" is given twice, first at line {}, column {}",
                                          printable(node.scalar), earlier->second.line,
                                          earlier->second.column)};
        }
        open_.back().key = std::move(node);
    }

    const Lines* lines_;
    const Relocate* relocate_;
    Node root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    int nodes_ = 0;
    int documents_ = 0;
};

bool is_indented_by_tab(std::string_view line) {
    const std::size_t content = line.find_first_not_of(" \t\r");
    return content != std::string_view::npos && line.substr(0, content).contains('\t');
}

/// `key: {token}/more`: YAML reads the brace as the start of a map.
bool has_bare_brace(std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return false;
    const std::string_view value = trim(line.substr(colon + 2));
    const std::size_t end = value.find('}');
    return value.starts_with('{') && end != std::string_view::npos && end + 1 < value.size();
}

/// The library's words for a mistake, and ours.
struct Phrase {
    std::string_view theirs;
    std::string_view ours;
};
constexpr Phrase kPhrases[] = {
    Phrase{
        "illegal map value",
        "a `:` stands where no key can be: is the indentation right, or does a text with `: ` in "
        "it lack quotes?"},
    Phrase{"illegal map key", "no key can stand here: is the indentation right?"},
    Phrase{"end of map not found",
           "this does not belong to the map above: is the indentation right?"},
    Phrase{"end of map flow not found",
           "a `{` is not closed (a text that begins with `{` must be in quotes)"},
    Phrase{"end of sequence flow not found",
           "a `[` is not closed (a text that begins with `[` must be in quotes)"},
    Phrase{"end of sequence not found",
           "this does not belong to the list above: is the indentation right?"},
    Phrase{"illegal block entry", "no list item can stand here: is the indentation right?"},
    Phrase{"illegal EOF in scalar", "a quoted text is not closed before the file ends"},
    Phrase{"illegal document indicator in scalar", "a quoted text is not closed"},
    Phrase{"unknown token", "this character cannot begin a value: put the value in quotes"},
    Phrase{"unknown escape character", "an unknown escape in a text with double quotes; use '…'"},
    Phrase{"the referenced anchor is not defined", "the alias names no anchor"},
};

std::string our_words(std::string_view theirs) {
    for (const Phrase& phrase : kPhrases) {
        if (theirs.starts_with(phrase.theirs)) return std::string(phrase.ours);
    }
    return fmt::format("not YAML: {}", printable(theirs));
}

/// What a person most likely did wrong when the library stumbled at `at`.
Refusal explain(std::string_view theirs, Position at, const Lines& lines) {
    for (const int line : {at.line, at.line - 1}) {
        if (line < 1) continue;
        if (is_indented_by_tab(lines.line(line))) {
            const std::size_t tab = lines.line(line).find('\t');
            return {{line, static_cast<int>(tab) + 1},
                    "a tab is used for indentation; YAML allows only spaces"};
        }
        if (has_bare_brace(lines.line(line))) {
            const std::size_t brace = lines.line(line).find('{');
            return {{line, static_cast<int>(brace) + 1},
                    "a text that begins with `{` must be in quotes: \"{partition}/…\""};
        }
    }
    return {at, our_words(theirs)};
}

/// What no YAML file of ours may hold, looked for before the library sees it.
std::optional<Refusal> refuse_bytes(std::string_view text, const Lines& lines) {
    if (text.size() > kBytesMax) {
        return Refusal{{}, fmt::format("the file is larger than {}", human_bytes(kBytesMax))};
    }
    const std::size_t bad = std::min(invalid_utf8_at(text).value_or(text.size()), text.find('\0'));
    if (bad >= text.size()) return std::nullopt;
    Position at;
    for (std::size_t left = bad; left > lines.line(at.line).size(); ++at.line) {
        left -= lines.line(at.line).size() + 1;
        at.column = static_cast<int>(left) + 1;
    }
    if (at.line == 1) at.column = static_cast<int>(bad) + 1;
    return Refusal{at, text[bad] == '\0' ? "a NUL byte" : "a byte that is not UTF-8"};
}

Node parse_or_throw(std::string_view text, const Lines& lines, const Relocate& relocate) {
    // The library takes an unclosed quote for closed when the file ends with a line feed; a comment
    // after it makes that an error again and changes nothing else.
    std::istringstream stream{fmt::format("{}{}#", text, text.ends_with('\n') ? "" : "\n")};
    YAML::Parser parser(stream);
    TreeBuilder tree(lines, relocate);
    while (parser.HandleNextDocument(tree)) {
        // The builder refuses a second document.
    }
    return tree.take();
}

std::unexpected<Error> refuse(std::string_view file_name, const Refusal& refusal) {
    return fail(ErrorClass::Config, fmt::format("{}:{}:{}: {}", file_name, refusal.at.line,
                                                refusal.at.column, refusal.sentence));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key.scalar == key) return &entry.value;
    }
    return nullptr;
}

Result<Node> parse(std::string_view text, std::string_view file_name, const Relocate& relocate) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const Lines lines(text);
    const auto relocated = [&relocate](Refusal refusal) {
        if (relocate) refusal.at = relocate(refusal.at);
        return refusal;
    };
    if (const auto refusal = refuse_bytes(text, lines)) {
        return refuse(file_name, relocated(*refusal));
    }
    try {
        return parse_or_throw(text, lines, relocate);
    } catch (const Refusal& refusal) {
        return refuse(file_name, refusal);  // Relocated when it was thrown.
    } catch (const YAML::Exception& error) {
        return refuse(file_name, relocated(explain(error.msg, position_of(error.mark), lines)));
    } catch (const std::exception& error) {
        return refuse(file_name, {{}, fmt::format("not YAML: {}", printable(error.what()))});
    }
}

}  // namespace trueup::yaml
