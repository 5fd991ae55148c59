#!/usr/bin/env python3
"""Tests of tools/tidy: every rule has texts it must refuse and texts it must let pass."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(HERE, "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

# Words that tidy bans are written in halves here too.
BUILT = {"src/core/CMakeLists.txt": "trueup_module(core SOURCES a.cc)"}

# rule -> (files, number of findings expected)
CASES = {
    "rule_relative_include": [
        ({"src/a/x.h": '#include "../base/result.h"\n'}, 1),
        ({"src/a/x.h": '#include "./y.h"\n'}, 1),
        ({"src/a/x.h": '#include "base/../core/x.h"\n'}, 1),
        ({"src/a/x.h": '#include "base/result.h"\n#include <vector>\n'}, 0),
    ],
    "rule_library_header": [
        ({"src/core/x.cc": "#include <sqlite3.h>\n"}, 1),
        ({"src/core/x.cc": '#include "sqlite3.h"\n'}, 1),
        ({"src/sqlite/x.cc": "#include <sqlite3.h>\n"}, 0),
        ({"src/extract/source/x.cc": "#include <sqlite3.h>\n"}, 0),
        ({"src/extract/proof/x.cc": "#include <duckdb.h>\n"}, 1),
        ({"src/columnar/x.cc": "#include <duckdb.h>\n#include <xxhash.h>\n"}, 0),
        ({"src/base/x.cc": "#include <xxhash.h>\n"}, 1),
        ({"src/app/x.cc": "#include <nlohmann/json.hpp>\n#include <CLI/CLI.hpp>\n"}, 1),
        ({"src/extract/config/x.cc": "#include <yaml-cpp/yaml.h>\n"}, 1),
        ({"src/extract/source/x.cc": "#include <libpq-fe.h>\n#include <mysql.h>\n"}, 2),
        ({"src/core/x.cc": "#include <curl/curl.h>\n#include <simdjson.h>\n#include <toml++/toml.h>\n"}, 3),
        ({"src/core/x.cc": '#include "sqlite/connection.h"\n'}, 0),
    ],
    "rule_pragma_once": [
        ({"src/a/x.h": "struct A;\n"}, 1),
        ({"src/a/x.h": "#pragma once\nstruct A;\n", "src/a/x.cc": "int a;\n"}, 0),
    ],
    "rule_fixme": [
        ({"src/a/x.cc": "// FIX" "ME later\n"}, 1),
        ({"tools/x.py": "# FIX" "ME later\n"}, 1),
        ({"src/a/x.cc": "int fixmeup;\n"}, 0),
    ],
    "rule_todo": [
        ({"src/a/x.cc": "// TO" "DO: later\n"}, 1),
        ({"src/a/x.cc": "// TO" "DO(me): later\n"}, 1),
        ({"src/a/x.cc": "// TO" "DO(#12): later\n"}, 0),
    ],
    "rule_commented_code": [
        ({"src/a/x.cc": "// call(a, b);\n"}, 1),
        ({"src/a/x.cc": "    // int x = 5;\n"}, 1),
        ({"src/a/x.cc": "// if (a) {\n//     return 1;\n// }\n"}, 3),
        ({"src/a/x.cc": "// } else {\n"}, 1),
        ({"src/a/x.cc": "// a->b;\n// std::string text;\n// using namespace std;\n"}, 3),
        ({"src/a/x.cc": "// Prose may stop for breath;\n// and go on. `call();` too.\n"}, 0),
        ({"src/a/x.h": "/// Documentation shows use: call(a);\n"}, 0),
    ],
    "rule_length": [
        ({"src/a/x.cc": "int a;\n" * 801}, 1),
        ({"src/a/x.cc": "int a;\n" * 800}, 0),
    ],
    "rule_built": [
        ({"src/core/lost_test.cc": "", **BUILT}, 1),
        ({"src/core/lost.cc": "", **BUILT}, 1),
        ({"src/core/a.cc": "", **BUILT}, 0),
        ({"src/core/b.cc": "", "src/core/CMakeLists.txt": "trueup_module(core SOURCES) # b.cc"}, 1),
        ({"src/core/a.cc": "", "src/core/CMakeLists.txt": "SOURCES extra.cc data.cc"}, 1),
        ({"tests/crash/k.cc": "", "tests/CMakeLists.txt": "add_executable(k crash/k.cc)"}, 0),
        ({"tests/fuzz/c_fuzz.cc": "", "tests/fuzz/CMakeLists.txt": "trueup_fuzz(c core)"}, 0),
        ({"tests/fuzz/d_fuzz.cc": "", "tests/fuzz/CMakeLists.txt": "trueup_fuzz(c core)"}, 1),
    ],
    "rule_module_cmake": [
        ({"src/new/a.h": ""}, 1),
        ({"src/core/a.h": "", **BUILT}, 0),
    ],
    "rule_exit": [
        ({"src/core/x.cc": "std::exit(1);\n::_exit(2);\nabort();\n"}, 3),
        ({"src/core/x.cc": "// Only main may exit(1).\nauto s = \"exit(1)\"; on_exit(2); a.exit();\n"}, 0),
        ({"src/app/main.cc": "std::exit(1);\n", "src/base/signal.cc": "::_exit(1);\n"}, 0),
        ({"src/core/x_test.cc": "::_exit(1);\n"}, 0),
    ],
    "rule_print": [
        ({"src/core/x.cc": 'std::cout << 1;\nstd::fprintf(stderr, "a");\nprintf("a");\nfmt::printf("");\n'}, 4),
        ({"src/core/x.cc": 'std::snprintf(a, 1, "");\n// printf() is not for us.\n'}, 0),
        ({"src/app/x.cc": "std::cout << 1;\n", "src/core/x_test.cc": 'printf("a");\n'}, 0),
    ],
    "rule_sleep": [
        ({"src/core/x_test.cc": "std::this_thread::sleep_for(1s);\n"}, 1),
        ({"tests/crash/x.cc": "::sleep(1);\nusleep(1);\n"}, 2),
        ({"src/core/x.cc": "std::this_thread::sleep_for(1s);\n"}, 0),
        ({"src/core/x_test.cc": "clock.sleep(1);\n"}, 0),
    ],
    "rule_banned_words": [
        ({"docs/x.md": "see https://registry." "npmjs.org/x\n"}, 1),
        ({"tools/x": "cd /ro" "ot/x\n"}, 1),
        ({"src/a/x.cc": 'open("/wo' 'rk/x");\n'}, 1),
        ({"docs/x.md": "a frame" "/wo" "rk/x b\n"}, 0),
        ({"docs/x.md": "npm pack x\n"}, 0),
    ],
    "rule_links": [
        ({"docs/x.md": "[a](missing.md)\n"}, 1),
        ({"docs/x.md": "[a](y.md#part) [b](../top.md) [c](https://x.test/) [d](#here)\n",
          "docs/y.md": "", "top.md": ""}, 0),
        ({"docs/x.md": "`[a](missing.md)`\n```\n[a](missing.md)\n```\n"}, 0),
    ],
    "rule_dependency_adr": [
        ({"CMakeLists.txt": "find_package(Foo REQUIRED)\n"}, 1),
        ({"CMakeLists.txt": "find_package(Foo)\n", "docs/adr/0001-x.md": "We take foo.\n"}, 0),
        ({"CMakeLists.txt": "# find_package(Foo)\n"}, 0),
    ],
}


def write_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class Rules(unittest.TestCase):
    def test_each_case(self):
        for name, cases in CASES.items():
            for number, (files, want) in enumerate(cases):
                with self.subTest(rule=name, case=number), tempfile.TemporaryDirectory() as root:
                    write_tree(root, files)
                    got = list(getattr(tidy, name)(tidy.Tree(root)))
                    self.assertEqual(want, len(got), got)

    def test_each_rule_has_both_kinds_of_case(self):
        self.assertEqual({rule.__name__ for rule in tidy.RULES}, set(CASES))
        for name, cases in CASES.items():
            wants = [want for _, want in cases]
            self.assertTrue(any(wants) and not all(wants), name)


class Program(unittest.TestCase):
    def run_tidy(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(HERE, "tidy"), *arguments],
                              capture_output=True, text=True, check=False)

    def test_findings_are_named_and_fail(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {"src/core/a.cc": 'int a;\nprintf("");\n', **BUILT})
            done = self.run_tidy(root)
        self.assertEqual(1, done.returncode)
        self.assertIn("src/core/a.cc:2: only the commands print", done.stdout)

    def test_clean_tree_is_silent(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {"src/core/a.cc": "int a;\n", **BUILT})
            done = self.run_tidy(root)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_long_files_are_listed(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {"src/a/x.cc": "int a;\n" * 401, "src/a/y.cc": "int a;\n" * 400})
            done = self.run_tidy("--long", root)
        self.assertEqual((0, "  401 src/a/x.cc\n"), (done.returncode, done.stdout))

    def test_banned_symbol_in_an_object(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {"a.c": "extern int rand(void); int f(void) { return rand(); }\n",
                              "b.c": "int operand(void) { return 1; }\n"})
            subprocess.run(["cc", "-c", "a.c", "b.c"], cwd=root, check=True)
            done = self.run_tidy("--objects", root)
        self.assertEqual(1, done.returncode)
        self.assertEqual(1, done.stdout.count("\n"))
        self.assertIn("a.o: rand() is banned", done.stdout)

    def test_no_objects_is_a_failure(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(1, self.run_tidy("--objects", root).returncode)

    def test_unknown_flag(self):
        self.assertEqual(64, self.run_tidy("--wrong").returncode)


if __name__ == "__main__":
    unittest.main()
