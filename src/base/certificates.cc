#include "base/certificates.h"

#include <unistd.h>

namespace trueup {

std::string system_certificates() {
    for (const char* path : {"/etc/ssl/certs/ca-certificates.crt",
                             "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
        if (::access(path, R_OK) == 0) return path;
    }
    return {};
}

}  // namespace trueup
