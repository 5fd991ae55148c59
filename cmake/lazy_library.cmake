# lazy_library(duckdb_lazy PREFIX duckdb_ LIBRARY libduckdb.so USED_BY engine.cc)
#
# A static library that defines every function `PREFIX…(` which the given sources call, as a jump to
# where the shared library has it. Linked instead of the library, it lets a program start without it:
# mapping and relocating a library of 65 MB costs every command 10 ms and 14 MB. What the sources call is
# read from them, so there is no list to keep. Nothing may be called before <name>_load() succeeded
# (src/columnar/duckdb_library.h).
function(lazy_library name)
  cmake_parse_arguments(PARSE_ARGV 1 L "" "PREFIX;LIBRARY" "USED_BY")
  set(symbols "")
  foreach(source IN LISTS L_USED_BY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
    file(READ "${source}" text)
    string(REGEX MATCHALL "${L_PREFIX}[A-Za-z0-9_]+\\(" calls "${text}")
    string(REGEX MATCHALL "&${L_PREFIX}[A-Za-z0-9_]+" taken "${text}")
    list(APPEND symbols ${calls} ${taken})
  endforeach()
  list(TRANSFORM symbols REPLACE "[&(]" "")
  list(REMOVE_DUPLICATES symbols)
  list(SORT symbols)
  list(LENGTH symbols count)

  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(jump "  jmp *${name}_table+8*@I@(%rip)")
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(jump "  adrp x16, ${name}_table+8*@I@\n  ldr x16, [x16, :lo12:${name}_table+8*@I@]\n  br x16")
  else()
    message(FATAL_ERROR "lazy_library: no jump is known for ${CMAKE_SYSTEM_PROCESSOR}")
  endif()
  set(text "  .section .note.GNU-stack,\"\",%progbits\n  .text\n")
  set(names "")
  set(index 0)
  foreach(symbol IN LISTS symbols)
    string(REPLACE "@I@" "${index}" one "${jump}")
    string(APPEND text "  .globl ${symbol}\n  .type ${symbol}, %function\n${symbol}:\n${one}\n")
    string(APPEND names "    \"${symbol}\",\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND text "  .bss\n  .balign 8\n  .globl ${name}_table\n${name}_table:\n  .zero 8*${count}\n")
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}.S" CONTENT "${text}" @ONLY)
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}_names.h" CONTENT
    "constexpr const char* kLazyLibrary = \"${L_LIBRARY}\";\nconstexpr const char* kLazyNames[] = {\n${names}};\nextern \"C\" void* ${name}_table[${count}];  // NOLINT(readability-identifier-naming)\n"
    @ONLY)
  add_library(${name} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${name}.S")
endfunction()
