#include <fmt/format.h>

#include "extract/config/resolve.h"

namespace trueup::extract {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20U;
constexpr int kZstdLevelDefault = 1;

// A worker holds one group and what it is encoded to. Files are as small with groups of 8 MB as
// with larger ones, and read as fast (docs/benchmarks.md).
constexpr std::uint64_t kGroupBytesAuto = 8 * kMegabyte;
constexpr std::uint64_t kGroupBytesSafe = 2 * kMegabyte;
constexpr std::uint64_t kGroupBytesFixed = 128 * kMegabyte;

Result<RowGroups> resolve_row_groups(const Section& parquet, Profile profile) {
    RowGroups groups;
    groups.by = parquet.choice<RowGroupBy>("row_group_strategy").value_or(RowGroupBy::Auto);
    const bool is_by_rows = groups.by == RowGroupBy::FixedRows;
    const auto rows = parquet.integer("row_group_rows");
    if (rows && !is_by_rows) {
        return parquet.refuse("row_group_rows", "goes with row_group_strategy: fixed_rows only",
                              "write row_group_strategy: fixed_rows");
    }
    if (is_by_rows && !rows) {
        return parquet.refuse("row_group_strategy", "\"fixed_rows\" needs row_group_rows",
                              "for example: row_group_rows: 100000");
    }
    if (is_by_rows && parquet.has("target_row_group_mb")) {
        return parquet.refuse("target_row_group_mb",
                              "does not go with row_group_strategy: fixed_rows",
                              "write row_group_strategy: fixed_memory");
    }
    groups.rows = rows.value_or(0);
    const auto megabytes = [&parquet](std::string_view key) {
        return static_cast<std::uint64_t>(parquet.integer(key).value_or(0)) * kMegabyte;
    };
    if (const std::uint64_t wanted = megabytes("target_row_group_mb"); wanted != 0) {
        groups.target_bytes = wanted;
    } else if (groups.by == RowGroupBy::FixedMemory) {
        groups.target_bytes = kGroupBytesFixed;
    } else if (groups.by == RowGroupBy::Auto) {
        groups.target_bytes = profile == Profile::Safe ? kGroupBytesSafe : kGroupBytesAuto;
    }
    groups.bytes_max = megabytes("max_row_group_mb");
    if (groups.bytes_max > 0 && groups.bytes_max < megabytes("target_row_group_mb")) {
        return parquet.refuse("max_row_group_mb",
                              fmt::format("must be at least target_row_group_mb, {}",
                                          groups.target_bytes / kMegabyte));
    }
    return groups;
}

/// One character of ASCII; a tab may be written \t.
Result<char> resolve_character(const Section& csv, std::string_view key) {
    const std::string text = csv.text(key).value_or("");
    if (text == "\\t") return '\t';
    const bool is_one = text.size() == 1 && text[0] > 0 && text[0] != '\n' && text[0] != '\r';
    if (!is_one) {
        return csv.refuse(
            key, fmt::format("must be one ASCII character, not {}", csv.messages().quoted(text)));
    }
    return text[0];
}

Result<CsvOptions> resolve_csv(const Section& csv) {
    CsvOptions options;
    options.delimiter = TRY(resolve_character(csv, "delimiter"));
    options.quote = TRY(resolve_character(csv, "quote"));
    options.has_header = csv.flag("header");
    options.null_text = csv.text("null").value_or("");
    if (options.delimiter == options.quote) {
        const bool is_quote = csv.has("quote");
        return csv.refuse(
            is_quote ? "quote" : "delimiter",
            fmt::format("must not be the same character as {}", is_quote ? "delimiter" : "quote"));
    }
    const std::string reserved = {options.delimiter, options.quote, '\n', '\r'};
    if (options.null_text.find_first_of(reserved) != std::string::npos) {
        return csv.refuse("null", "must not hold the delimiter, the quote or a line break",
                          "for example: null: NULL");
    }
    return options;
}

struct Codec {
    Compression compression = Compression::None;
    std::optional<int> level;
};

/// What compression_profile stands for; the numbers are its choices in the table of keys.
Codec codec_of_profile(int profile) {
    switch (profile) {
        case 1: return {Compression::Snappy, std::nullopt};
        case 2: return {Compression::Zstd, 3};
        case 3: return {Compression::Zstd, 9};
        default: return {Compression::None, std::nullopt};
    }
}

Status check_level(const Section& exported, const Codec& codec) {
    const auto level = exported.integer("compression_level");
    if (!level) return {};
    const bool is_zstd = codec.compression == Compression::Zstd;
    if (!is_zstd && codec.compression != Compression::Gzip) {
        return exported.refuse(
            "compression_level",
            fmt::format("goes with zstd and gzip only, not with {}", name_of(codec.compression)));
    }
    if (is_zstd ? *level < 1 : *level > 9) {
        return exported.refuse(
            "compression_level",
            fmt::format("must be between {} for {}, not {}", is_zstd ? "1 and 22" : "0 and 9",
                        name_of(codec.compression), *level));
    }
    return {};
}

Status check_csv_codec(const Section& exported, Compression compression) {
    if (compression != Compression::Snappy && compression != Compression::Lz4) return {};
    const std::string_view key =
        exported.has("compression_profile") ? "compression_profile" : "compression";
    return exported.refuse(
        key, fmt::format("\"{}\" does not go with format: csv", exported.choice_name(key)),
        "CSV files take none, gzip or zstd");
}

void warn_of_beaten(const Section& exported) {
    for (const std::string_view beaten : {"compression", "compression_level"}) {
        if (exported.has(beaten)) exported.warn(beaten, "has no effect beside compression_profile");
    }
}

Result<Codec> resolve_codec(const Section& exported, Format format) {
    Codec codec;
    const bool is_parquet = format == Format::Parquet;
    codec.compression = exported.choice<Compression>("compression")
                            .value_or(is_parquet ? Compression::Zstd : Compression::None);
    const auto profile = exported.choice_value("compression_profile");
    std::optional<std::int64_t> level;
    if (profile) {
        codec = codec_of_profile(*profile);
        warn_of_beaten(exported);
    } else {
        TRY(check_level(exported, codec));
        level = exported.integer("compression_level");
    }
    if (!is_parquet) TRY(check_csv_codec(exported, codec.compression));
    // The writer knows levels for zstd in Parquet only.
    const bool takes_level = is_parquet && codec.compression == Compression::Zstd;
    if (level && !takes_level) {
        exported.warn("compression_level",
                      fmt::format("has no effect yet for {} in {} files",
                                  name_of(codec.compression), name_of(format)));
    }
    if (!takes_level) {
        codec.level.reset();
    } else if (!codec.level) {
        codec.level = static_cast<int>(level.value_or(kZstdLevelDefault));
    }
    return codec;
}

}  // namespace

Result<Output> resolve_output(const Section& exported, Profile profile) {
    Output output;
    output.format = exported.choice<Format>("format").value_or(Format::Parquet);
    const Codec codec = TRY(resolve_codec(exported, output.format));
    output.compression = codec.compression;
    output.compression_level = codec.level;
    output.file_bytes_max = exported.size("max_file_size").value_or(0);
    output.skips_empty = exported.flag("skip_empty");
    output.row_groups = TRY(resolve_row_groups(exported.section("parquet"), profile));
    output.csv = TRY(resolve_csv(exported.section("csv")));
    const std::string_view idle = output.format == Format::Csv ? "parquet" : "csv";
    if (exported.has(idle)) {
        exported.warn(idle, fmt::format("has no effect with format: {}", name_of(output.format)));
    }
    return output;
}

}  // namespace trueup::extract
