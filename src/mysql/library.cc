#include "mysql/library.h"

#include <mysql.h>

#include "base/lazy_library.h"
#include "libmariadb_lazy_names.h"

namespace trueup::mysql {
namespace {

Status load_and_begin() {
    TRY(load({.title = "MariaDB's client library",
              .file = kLazyLibrary,
              .names = kLazyNames,
              .table = libmariadb_lazy_table,
              .hint = "install libmariadb (Debian: apt install libmariadb3)"}));
    if (mysql_server_init(0, nullptr, nullptr) == 0) return {};
    return fail(ErrorClass::Failed, "MariaDB's client library cannot begin its work");
}

}  // namespace

Status load_libmariadb() {
    static const Status loaded = load_and_begin();
    return loaded;
}

}  // namespace trueup::mysql
