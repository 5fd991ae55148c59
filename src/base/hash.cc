#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <vector>

#include "base/check.h"
#include "base/file.h"

namespace trueup {

struct Sha256::Context {
    struct Free {
        void operator()(EVP_MD_CTX* md) const noexcept { EVP_MD_CTX_free(md); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> md{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    CHECK(context_->md != nullptr);
    CHECK(EVP_DigestInit_ex(context_->md.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(Bytes bytes) {
    CHECK(EVP_DigestUpdate(context_->md.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    CHECK(EVP_DigestFinal_ex(context_->md.get(), digest.data(), &size) == 1);
    CHECK(size == digest.size());
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
    return hex;
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 sha;
    sha.add(as_bytes(bytes));
    return sha.finish();
}

Result<FileDigest> digest_file(const std::string& path) {
    constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
    const File file = TRY(File::open_read(path));
    std::vector<std::byte> block(kBlockBytes);
    Sha256 sha;
    std::uint64_t total = 0;
    while (true) {
        const std::size_t got = TRY(file.read_at(total, block));
        if (got == 0) break;
        sha.add(std::span(block).first(got));
        total += got;
    }
    return FileDigest{sha.finish(), total};
}

}  // namespace trueup
