#include "extract/config/schema.h"

#include <fmt/format.h>

#include "base/text.h"
#include "extract/config/keys.h"

namespace trueup::extract {
namespace {

using json::Value;

Value reference(const SectionSpec& section) {
    return {{"$ref", fmt::format("#/$defs/{}", section.name)}};
}

Value list_of(Value items) {
    return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}};
}

Value text_list() {
    Value list = list_of({{"type", "string"}, {"minLength", 1}});
    list["uniqueItems"] = true;
    return list;
}

Value number(std::string_view type, const Key& key) {
    Value shape = {{"type", std::string(type)}, {"minimum", key.min}};
    if (key.max != std::numeric_limits<std::int64_t>::max()) shape["maximum"] = key.max;
    return shape;
}

Value one_of(const Key& key) {
    Value names = Value::array();
    for (const Choice& choice : key.choices) {
        if (choice.availability == Availability::Later) continue;
        // YAML reads the bare word null as no value.
        if (choice.name == "null") names.push_back(nullptr);
        names.push_back(std::string(choice.name));
    }
    return {{"enum", std::move(names)}};
}

/// The shape of a value, without what is said about it.
Value shape_of(const Key& key) {
    Value text = {{"type", "string"}};
    switch (key.type) {
        case KeyType::Text: return text;
        case KeyType::Bool: return {{"type", "boolean"}};
        case KeyType::Integer: return number("integer", key);
        case KeyType::Number: return number("number", key);
        case KeyType::Choice: return one_of(key);
        case KeyType::Size:
            return {{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)? *([KkMmGgTt]?[Bb])$"}};
        case KeyType::TextList: return text_list();
        case KeyType::TextOrList: return {{"oneOf", Value::array({text, text_list()})}};
        case KeyType::BoolOrList:
            return {{"oneOf", Value::array({Value{{"type", "boolean"}}, text_list()})}};
        case KeyType::Ratios:
            return {{"type", "object"}, {"additionalProperties", number("number", key)}};
        case KeyType::Columns:
            return {{"type", "object"},
                    {"additionalProperties",
                     Value{{"oneOf", Value::array({text, reference(*key.section)})}}}};
        case KeyType::Section: return reference(*key.section);
        case KeyType::Sections: return list_of(reference(*key.section));
    }
    std::unreachable();
}

Value default_of(const Key& key) {
    if (key.type == KeyType::Bool) return key.fallback == "true";
    const auto whole = parse_int64(key.fallback);
    if (key.type == KeyType::Integer && whole) return *whole;
    if (key.type == KeyType::Number) return std::stod(std::string(key.fallback));
    return std::string(key.fallback);
}

std::string description_of(const Key& key) {
    std::string text(key.summary);
    if (!key.by_profile.balanced.empty()) {
        text += fmt::format(" Default by profile: fast {}, balanced {}, safe {}.",
                            key.by_profile.fast, key.by_profile.balanced, key.by_profile.safe);
    }
    if (!key.only_for.empty()) text += fmt::format(" Goes with type {}.", key.only_for);
    if (key.availability == Availability::Later) text += " Not available yet.";
    if (key.availability == Availability::NoEffect) text += " Accepted, without effect yet.";
    return text;
}

Value property(const Key& key) {
    Value shape = shape_of(key);
    shape["description"] = description_of(key);
    if (!key.fallback.empty() && key.type != KeyType::BoolOrList)
        shape["default"] = default_of(key);
    return shape;
}

Value object_of(const SectionSpec& section) {
    Value properties = Value::object();
    Value required = Value::array();
    for (const Key& key : section.keys) {
        properties[std::string(key.name)] = property(key);
        if (key.is_required) required.push_back(std::string(key.name));
    }
    Value object = {{"type", "object"},
                    {"description", std::string(section.summary)},
                    {"additionalProperties", false},
                    {"properties", std::move(properties)}};
    if (!required.empty()) object["required"] = std::move(required);
    return object;
}

void define(const SectionSpec& section, Value& definitions) {
    for (const Key& key : section.keys) {
        if (key.section == nullptr) continue;
        const std::string name(key.section->name);
        if (definitions.contains(name)) continue;
        definitions[name] = object_of(*key.section);
        define(*key.section, definitions);
    }
}

}  // namespace

Value config_schema() {
    Value schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", "trueup extract"}};
    schema.update(object_of(kRootSection));
    schema["$defs"] = Value::object();
    define(kRootSection, schema["$defs"]);
    return schema;
}

}  // namespace trueup::extract
