#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace trueup {

/// SHA-256 (FIPS 180-4) of a stream of bytes.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void add(Bytes bytes);
    /// 64 lower-case hexadecimal digits. The object must not be used afterwards.
    std::string finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

/// SHA-256 and size of a file, read once from beginning to end.
struct FileDigest {
    std::string sha256;
    std::uint64_t bytes;
};
Result<FileDigest> digest_file(const std::string& path);

}  // namespace trueup
