# DuckDB: DUCKDB_ROOT (a system installation: include/duckdb.h and lib/libduckdb.so) wins when set;
# otherwise what tools/setup put into .deps/duckdb.
set(duckdb_root "$ENV{DUCKDB_ROOT}")
if(NOT duckdb_root)
  set(duckdb_root "${PROJECT_SOURCE_DIR}/.deps/duckdb")
endif()
find_path(DUCKDB_INCLUDE_DIR duckdb.h PATHS "${duckdb_root}/include" NO_DEFAULT_PATH)
find_library(DUCKDB_LIBRARY duckdb PATHS "${duckdb_root}/lib" NO_DEFAULT_PATH)
if(NOT DUCKDB_INCLUDE_DIR OR NOT DUCKDB_LIBRARY)
  message(FATAL_ERROR "DuckDB is missing from ${duckdb_root}: run tools/setup, or set DUCKDB_ROOT")
endif()
add_library(duckdb::duckdb SHARED IMPORTED)
set_target_properties(duckdb::duckdb PROPERTIES
  IMPORTED_LOCATION "${DUCKDB_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE_DIR}")
# It is loaded when it is first needed, from where the program looks for its libraries.
cmake_path(GET DUCKDB_LIBRARY PARENT_PATH duckdb_folder)
list(APPEND CMAKE_BUILD_RPATH "${duckdb_folder}")
