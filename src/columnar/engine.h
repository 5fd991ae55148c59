#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/batch.h"

namespace trueup::columnar {

struct EngineOptions {
    std::int64_t memory_limit_mb = 512;
    /// Where sorts and joins spill; made on demand. Empty: they fail instead.
    std::string spill_folder;
    /// Holds less memory and takes more CPU time (keep_no_free_memory()); for the whole process.
    bool keeps_no_free_memory = false;
};

struct NamedType {
    std::string name;
    Type type;
};

std::vector<Type> types_of(const std::vector<NamedType>& columns);

/// `'it''s'` and `"a ""b"""`.
std::string quote_text(std::string_view text);
std::string quote_name(std::string_view name);

class Session;

/// One in-memory DuckDB instance. It runs no threads of its own: each worker's statements run on
/// that worker. Must outlive its sessions.
class Engine {
  public:
    static Result<std::unique_ptr<Engine>> open(const EngineOptions& options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    Engine(Engine&&) = delete;
    Engine& operator=(Engine&&) = delete;

    /// A connection, for one worker at a time.
    Result<std::unique_ptr<Session>> connect();
    /// "v1.4.5": part of what makes the bytes of a file. Only after open() has succeeded once.
    static std::string version();

  private:
    friend class Session;
    Engine();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The rows of one statement, as they are produced. The session must outlive it, and runs no other
/// statement meanwhile.
class RowStream : public BatchSource {
  public:
    /// Names and types as DuckDB gives them; a type that parts do not have is an error of query().
    virtual const std::vector<NamedType>& columns() const = 0;
    /// True when no row is left. May read ahead; the batch last filled stays valid.
    virtual Result<bool> is_at_end() = 0;
};

/// A result small enough to be held: texts as DuckDB prints them, row by row.
using TextRow = std::vector<std::optional<std::string>>;

class Session {
  public:
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    Session(Session&&) = delete;
    Session& operator=(Session&&) = delete;

    Status execute(std::string_view sql);
    Result<std::vector<TextRow>> texts(std::string_view sql);
    /// The one integer that `sql` yields.
    Result<std::int64_t> number(std::string_view sql);
    /// Names and DuckDB type names of what `sql` would yield; nothing runs.
    Result<std::vector<std::pair<std::string, std::string>>> describe(std::string_view sql);
    Result<std::unique_ptr<RowStream>> query(std::string_view sql);
    /// `COPY (SELECT projection FROM source) TO …`: `copy_sql` holds the text "{source}" where the
    /// rows of `source` belong. `columns` are their names and types. An error of `source` comes
    /// back as it was.
    Status copy_from(BatchSource& source, const std::vector<NamedType>& columns,
                     std::string_view copy_sql);

  private:
    friend class Engine;
    Session();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace trueup::columnar
