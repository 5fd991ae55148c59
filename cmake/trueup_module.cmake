# trueup_module(core SOURCES ledger.cc HEADERS ledger.h USES base PRIVATE_USES sqlite)
#
# A module sees its own headers and those of the modules it names, nothing else: each one is
# published through its own include root, a directory holding one link, <root>/core -> src/core.
# USES is re-exported to those who use the module, PRIVATE_USES is not. A module may name only
# modules declared before it, so a cycle cannot be configured.
#
# A room inside a domain is a module too: trueup_module(extract/plan ...) is included as
# "extract/plan/x.h", its target is trueup::extract_plan, its test binary extract_plan_test.
#
#   SYSTEM   libraries from outside the project, linked privately
#   TESTS    files of the GoogleTest binary <name>_test
#   TEST_USES  modules only the tests need
function(trueup_module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "" "" "SOURCES;HEADERS;USES;PRIVATE_USES;SYSTEM;TESTS;TEST_USES")
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${name}: unknown arguments ${M_UNPARSED_ARGUMENTS}")
  endif()
  set(path "${name}")
  string(REPLACE "/" "_" name "${path}")
  set(root "${PROJECT_BINARY_DIR}/include-roots/${name}")
  cmake_path(GET path PARENT_PATH above)
  file(MAKE_DIRECTORY "${root}/${above}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${root}/${path}" SYMBOLIC)

  foreach(used IN LISTS M_USES M_PRIVATE_USES)
    if(NOT TARGET trueup::${used})
      message(FATAL_ERROR "${name} uses ${used}, which is not declared yet: a module may use only "
                          "those declared before it")
    endif()
  endforeach()

  list(TRANSFORM M_HEADERS PREPEND "${root}/${path}/")
  list(TRANSFORM M_USES PREPEND "trueup::")
  list(TRANSFORM M_PRIVATE_USES PREPEND "trueup::")
  list(TRANSFORM M_TEST_USES PREPEND "trueup::")

  add_library(trueup_${name} STATIC ${M_SOURCES})
  add_library(trueup::${name} ALIAS trueup_${name})
  target_sources(trueup_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${root}" FILES ${M_HEADERS})
  target_link_libraries(trueup_${name} PUBLIC ${M_USES} PRIVATE ${M_PRIVATE_USES} ${M_SYSTEM} trueup_flags)
  target_compile_options(trueup_${name} PRIVATE "-ffile-prefix-map=${root}/=src/")

  if(M_TESTS AND TRUEUP_TESTS)
    add_executable(${name}_test ${M_TESTS})
    target_link_libraries(${name}_test PRIVATE trueup::${name} ${M_USES} ${M_PRIVATE_USES} ${M_TEST_USES}
      trueup_flags ${RAPIDCHECK} GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test)
    # A skipped case, and a binary without cases, are seen by ctest and fail the run.
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
      FAIL_REGULAR_EXPRESSION "Running 0 tests")
  endif()
endfunction()

# trueup_forbid(core extract/run): the rule is tested, not trusted. A file compiled as one of module
# `from` that includes a header of module `header` must fail to compile, and because that header does
# not exist for it. With EXPORTED the file is one that merely uses `from`, which may then keep
# `header` to itself. The header is one that stands in the source tree, so nothing but the missing
# dependency can be the reason; the file is written here because all of them are that one line.
function(trueup_forbid from header)
  cmake_parse_arguments(PARSE_ARGV 2 F "EXPORTED" "" "")
  string(REPLACE "/" "_" from_name "${from}")
  string(REPLACE "/" "_" header_name "${header}")
  set(headers_of "${PROJECT_SOURCE_DIR}/src/${header}")
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/src" "${headers_of}/*.h")
  if(NOT TARGET trueup::${from_name} OR NOT headers)
    message(STATUS "arch: ${from} or the headers of ${header} are not there yet")
    return()
  endif()
  list(GET headers 0 include)
  set(target arch_${from_name}_must_not_see_${header_name})
  if(F_EXPORTED)
    set(target arch_users_of_${from_name}_must_not_see_${header_name})
  endif()
  set(source "${PROJECT_BINARY_DIR}/arch/${target}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${include}\"\n")
  add_library(${target} OBJECT EXCLUDE_FROM_ALL "${source}")
  target_link_libraries(${target} PRIVATE trueup_flags)
  if(F_EXPORTED)
    target_link_libraries(${target} PRIVATE trueup::${from_name})
  else()
    target_include_directories(${target} PRIVATE
      $<TARGET_PROPERTY:trueup::${from_name},INCLUDE_DIRECTORIES>)
  endif()
  add_test(NAME ${target} COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target ${target})
  string(REPLACE "." "\\." include "${include}")
  set_tests_properties(${target} PROPERTIES RESOURCE_LOCK ninja
    PASS_REGULAR_EXPRESSION "fatal error: ${include}: No such file or directory")
endfunction()
