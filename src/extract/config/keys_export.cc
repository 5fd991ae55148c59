#include "extract/config/config.h"
#include "extract/config/keys.h"

// The keys of the sections inside an export.

namespace trueup::extract {
namespace {

constexpr auto kLater = Availability::Later;

constexpr Choice kDestinations[] = {choice("local", DestinationType::Local),
                                    choice("stdout", DestinationType::Stdout), later("s3"),
                                    later("gcs"), later("azure")};
constexpr std::string_view kClouds = "s3, gcs, azure";

constexpr Key kDestinationKeys[] = {
    {.name = "type",
     .type = KeyType::Choice,
     .summary = "Where the files go.",
     .choices = kDestinations,
     .example = "local",
     .is_required = true},
    {.name = "path",
     .summary = "The directory, relative to the configuration file; may hold {export}, {table}, "
                "{date}, {partition}, {run_id}.",
     .fallback = ".",
     .only_for = "local",
     .example = "\"out/{export}\""},
    {.name = "prefix",
     .summary = "The start of every object's name.",
     .only_for = kClouds,
     .example = "\"exports/{export}/\""},
    {.name = "bucket",
     .summary = "The bucket or container.",
     .only_for = kClouds,
     .example = "my-bucket"},
    {.name = "region",
     .summary = "The bucket's region.",
     .only_for = "s3",
     .example = "eu-central-1"},
    {.name = "endpoint",
     .summary = "Another server that speaks the same protocol.",
     .only_for = kClouds,
     .example = "http://localhost:9000"},
    {.name = "credentials_file",
     .summary = "A service account's key file.",
     .only_for = "gcs",
     .example = "key.json"},
    {.name = "access_key_env",
     .summary = "The variable that holds the access key.",
     .only_for = "s3",
     .example = "AWS_ACCESS_KEY_ID"},
    {.name = "secret_key_env",
     .summary = "The variable that holds the secret key.",
     .only_for = "s3",
     .example = "AWS_SECRET_ACCESS_KEY"},
    {.name = "session_token_env",
     .summary = "The variable that holds a session token.",
     .only_for = "s3",
     .example = "AWS_SESSION_TOKEN"},
    {.name = "aws_profile",
     .summary = "A profile of the AWS configuration.",
     .only_for = "s3",
     .example = "default"},
    {.name = "account_name",
     .summary = "The storage account.",
     .only_for = "azure",
     .example = "account"},
    {.name = "account_key_env",
     .summary = "The variable that holds the account's key.",
     .only_for = "azure",
     .example = "AZURE_KEY"},
    {.name = "sas_token_env",
     .summary = "The variable that holds a shared access signature.",
     .only_for = "azure",
     .example = "AZURE_SAS"},
    {.name = "allow_anonymous",
     .type = KeyType::Bool,
     .summary = "Connect without credentials.",
     .fallback = "false",
     .only_for = kClouds},
};

constexpr Choice kRowGroupStrategies[] = {choice("auto", RowGroupBy::Auto),
                                          choice("fixed_rows", RowGroupBy::FixedRows),
                                          choice("fixed_memory", RowGroupBy::FixedMemory)};

constexpr Key kParquetKeys[] = {
    {.name = "row_group_strategy",
     .type = KeyType::Choice,
     .summary = "What decides how large a row group is.",
     .fallback = "auto",
     .choices = kRowGroupStrategies},
    {.name = "row_group_rows",
     .type = KeyType::Integer,
     .summary = "Rows per group, of strategy fixed_rows.",
     .min = 1,
     .max = 1'000'000'000,
     .example = "100000"},
    {.name = "target_row_group_mb",
     .type = KeyType::Integer,
     .summary =
         "Megabytes of memory per group: 8 with auto (2 in profile safe), 128 with fixed_memory, "
         "unless set.",
     .min = 1,
     .max = 65'536},
    {.name = "max_row_group_mb",
     .type = KeyType::Integer,
     .summary = "No group is larger than this.",
     .min = 1,
     .max = 65'536,
     .example = "256"},
};

constexpr Key kCsvKeys[] = {
    {.name = "delimiter",
     .summary = "The character between fields.",
     .fallback = ",",
     .example = "\";\""},
    {.name = "quote",
     .summary = "The character around fields that need one.",
     .fallback = "\"",
     .example = "\"'\""},
    {.name = "header",
     .type = KeyType::Bool,
     .summary = "Begin with a line of column names.",
     .fallback = "true"},
    {.name = "null",
     .summary = "How NULL is written; by default nothing at all, and an empty text is \"\".",
     .example = "\\N"},
};

constexpr Choice kOnValueErrors[] = {choice("fail", OnValueError::Fail),
                                     choice("null", OnValueError::Null),
                                     choice("text", OnValueError::Text)};
constexpr Key kColumnKeys[] = {
    {.name = "type",
     .summary = "A DuckDB type name.",
     .example = "\"DECIMAL(18,3)\"",
     .is_required = true},
    {.name = "on_value_error",
     .type = KeyType::Choice,
     .summary = "What becomes of a value that does not fit: the run fails, NULL is written, or the "
                "whole column is written as text.",
     .fallback = "fail",
     .choices = kOnValueErrors},
};

constexpr Key kMetaColumnsKeys[] = {
    {.name = "exported_at",
     .type = KeyType::Bool,
     .summary = "Add _rivet_exported_at, the time the run began.",
     .fallback = "false"},
    {.name = "row_hash",
     .type = KeyType::BoolOrList,
     .summary = "Add _rivet_row_hash, a hash of all columns, or of these.",
     .fallback = "false"},
};

constexpr Key kQualityKeys[] = {
    {.name = "row_count_min",
     .type = KeyType::Integer,
     .summary = "Fewer rows fail the run.",
     .example = "1"},
    {.name = "row_count_max",
     .type = KeyType::Integer,
     .summary = "More rows fail the run.",
     .example = "1000000"},
    {.name = "null_ratio_max",
     .type = KeyType::Ratios,
     .summary = "The share of NULLs a column may have.",
     .max = 1,
     .example = "{email: 0.05}"},
    {.name = "unique_columns",
     .type = KeyType::TextList,
     .summary = "Columns in which no value may stand twice, NULL apart."},
    {.name = "unique_max_entries",
     .type = KeyType::Integer,
     .summary = "unique_columns with more values are not looked at; a warning says so.",
     .min = 1,
     .example = "1000000"},
};

constexpr Choice kInitials[] = {choice("snapshot", 0)};
constexpr Key kCdcKeys[] = {
    {.name = "initial",
     .type = KeyType::Choice,
     .summary = "Begin with a whole copy.",
     .choices = kInitials,
     .example = "snapshot"},
    {.name = "checkpoint", .summary = "The file that holds the position.", .example = "cdc.json"},
    {.name = "until_current",
     .type = KeyType::Bool,
     .summary = "Stop when caught up.",
     .fallback = "true"},
    {.name = "max_events",
     .type = KeyType::Integer,
     .summary = "Stop after so many.",
     .min = 1,
     .example = "100000"},
    {.name = "rollover",
     .type = KeyType::Integer,
     .summary = "Events per part.",
     .fallback = "100000",
     .min = 1},
    {.name = "rollover_memory_mb",
     .type = KeyType::Integer,
     .summary = "Megabytes per part.",
     .min = 1,
     .max = kMegabytesMax,
     .example = "64"},
    {.name = "server_id",
     .type = KeyType::Integer,
     .summary = "The replica's id (MySQL).",
     .fallback = "4271",
     .min = 1,
     .max = 4'294'967'295},
    {.name = "slot", .summary = "The replication slot (PostgreSQL).", .fallback = "rivet_slot"},
    {.name = "capture_instance",
     .summary = "The capture instance (SQL Server).",
     .example = "dbo_orders"},
};

constexpr Choice kWarehouses[] = {choice("bigquery", 0), choice("snowflake", 1)};
constexpr Key kLoadKeys[] = {
    {.name = "target",
     .type = KeyType::Choice,
     .summary = "The warehouse.",
     .choices = kWarehouses,
     .example = "bigquery"},
    {.name = "pk", .type = KeyType::TextList, .summary = "The key rows are merged by."},
    {.name = "cleanup_source",
     .type = KeyType::Bool,
     .summary = "Delete files once loaded.",
     .fallback = "false"},
    {.name = "gc_orphans",
     .type = KeyType::Bool,
     .summary = "Delete files no manifest owns.",
     .fallback = "false"},
    {.name = "cluster_by", .type = KeyType::TextList, .summary = "Columns to cluster by."},
    {.name = "allow_source_drift",
     .type = KeyType::Bool,
     .summary = "Load although the source's schema moved.",
     .fallback = "false"},
    {.name = "project", .summary = "BigQuery project.", .example = "project"},
    {.name = "dataset", .summary = "BigQuery data set.", .example = "dataset"},
    {.name = "connection", .summary = "Snowflake connection.", .example = "default"},
    {.name = "warehouse", .summary = "Snowflake warehouse.", .example = "compute"},
    {.name = "database", .summary = "Snowflake database.", .example = "shop"},
    {.name = "schema", .summary = "Snowflake schema.", .example = "public"},
    {.name = "storage_integration",
     .summary = "Snowflake storage integration.",
     .example = "integration"},
};

}  // namespace

constexpr SectionSpec kDestinationSection = {"destination", "Where the files go.",
                                             kDestinationKeys};
constexpr SectionSpec kParquetSection = {"parquet", "Parquet files.", kParquetKeys};
constexpr SectionSpec kCsvSection = {"csv", "CSV files.", kCsvKeys};
constexpr SectionSpec kColumnSection = {"column", "One column's type.", kColumnKeys};
constexpr SectionSpec kMetaColumnsSection = {"meta_columns", "Columns trueup adds.",
                                             kMetaColumnsKeys};
constexpr SectionSpec kQualitySection = {"quality", "Rules the rows must keep.", kQualityKeys};
constexpr SectionSpec kCdcSection = {"cdc", "Change capture.", kCdcKeys};
constexpr SectionSpec kLoadSection = {"load", "Loading into a warehouse.", kLoadKeys};

}  // namespace trueup::extract
