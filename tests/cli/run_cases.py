#!/usr/bin/env python3
"""Runs every case below a folder and compares what it does with what is written down.

A case is a folder with
    cmd      a bash script, run in a new temporary folder; `trueup` is in its PATH
    stdout   what it must print, after NORMALISE
    stderr   the same for standard error
    status   its exit status
    setup    optional: a bash script run there first; it must exit 0

    run_cases.py --trueup BINARY [--update] [CASES_FOLDER] [NAME ...]

--update writes down what the cases do now; read the difference before you keep it. With a NAME only
cases whose path holds it are run. Exit status: 0 when all agree, 1 when not, 2 when nothing ran.
"""

import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# What differs from run to run, and what stands for it. In this order; the temporary folder is first.
NORMALISE = [
    # Which phases are seen to run, and how often, is a matter of speed. Progress has its own tests.
    (re.compile(r"^(?:reading rollouts|protecting|changing rollouts|changing rows|recovering)"
                r"(?:, .*)?\n", re.M), ""),
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{4,16}\b"), "<run>"),
    (re.compile(r"\b\d{8}T\d{6}Z\b"), "<stamp>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b\d+ h \d\d m\b|\b\d+ m \d\d s\b|\b\d+(\.\d+)? (ms|s)\b"), "<duration>"),
    (re.compile(r'("(?:duration|elapsed)_(?:ms|s)": ?)\d+(\.\d+)?'), r"\1<duration>"),
    (re.compile(r"\b[\d,]+(\.\d+)? rows/s"), "<rate>"),
    (re.compile(r"\b[\d,]+(\.\d+)? ([kMGT]?B|bytes) free\b"), "<space> free"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\btrueup \d+\.\d+\.\d+\b"), "trueup <version>"),
    (re.compile(r"\.trueup-doctor-[0-9a-f]{8}\b"), ".trueup-doctor-<random>"),
    (re.compile(r"\bpid \d+\b"), "pid <pid>"),
    # A home's services are named after its path.
    (re.compile(r"\b(trueup-codex-|codex\\)[0-9a-f]{16}\b"), r"\1<home>"),
    (re.compile(r"\.sqlite\.\d{13}\.bak\b"), ".sqlite.<ms>.bak"),
]
# A case that hangs must not hang the tests: far above what any of them takes.
HANG_SECONDS = 300


def normalised(text, folder, binary):
    text = text.replace(str(folder), "$TMP").replace(str(binary), "$TRUEUP")
    for pattern, stand_in in NORMALISE:
        text = pattern.sub(stand_in, text)
    return text


def environment(binary, folder):
    keep = ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    # The python3 that runs this, and no script which looks for one.
    ours = pathlib.Path(sys.executable).parent
    env["PATH"] = f"{binary.parent}:{ours}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    env.update(HOME=str(folder), TMPDIR=str(folder), LANG="C.UTF-8", TZ="UTC", COLUMNS="100",
               CASES=str(CASES_ROOT))
    return env


CASES_ROOT = pathlib.Path(__file__).resolve().parent


def run_script(script, folder, env):
    return subprocess.run(["bash", str(script)], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=HANG_SECONDS, check=False)


def run_case(case, binary):
    """What the case did: {"stdout", "stderr", "status"} as text, or a sentence about its setup."""
    with tempfile.TemporaryDirectory(prefix="trueup-cli-") as name:
        folder = pathlib.Path(name).resolve()
        env = environment(binary, folder)
        try:
            if (case / "setup").exists():
                ready = run_script(case / "setup", folder, env)
                if ready.returncode != 0:
                    return f"setup exited {ready.returncode}: {ready.stderr.decode(errors='replace')}"
            done = run_script(case / "cmd", folder, env)
        except subprocess.TimeoutExpired:
            return f"still running after {HANG_SECONDS} s"
        return {
            "stdout": normalised(done.stdout.decode(errors="replace"), folder, binary),
            "stderr": normalised(done.stderr.decode(errors="replace"), folder, binary),
            "status": f"{done.returncode}\n",
        }


def difference(case, got):
    lines = []
    for name, text in got.items():
        path = case / name
        if not path.exists():
            lines.append(f"{path.name} is missing: run with --update\n")
            continue
        want = path.read_text(encoding="utf-8")
        lines += difflib.unified_diff(want.splitlines(True), text.splitlines(True),
                                      f"{case.name}/{name}: wanted", f"{case.name}/{name}: got")
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def judge(case, binary, update):
    """True when the case agrees; prints why not."""
    got = run_case(case, binary)
    if isinstance(got, str):
        print(f"FAILED {case.name}: {got}")
        return False
    if update:
        for name, text in got.items():
            (case / name).write_text(text, encoding="utf-8")
        return True
    found = difference(case, got)
    if found:
        print(f"FAILED {case.name}\n{found}")
    return not found


def main():
    parser = argparse.ArgumentParser(description="Golden tests of the command line.")
    parser.add_argument("--trueup", required=True, type=pathlib.Path, help="the binary")
    parser.add_argument("--update", action="store_true", help="write down what happens now")
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=CASES_ROOT)
    parser.add_argument("names", nargs="*", help="only cases whose path holds one of these")
    args = parser.parse_args()
    binary = args.trueup.resolve()
    if not os.access(binary, os.X_OK):
        parser.error(f"{binary} is no program")
    cases = sorted(path.parent for path in args.folder.resolve().rglob("cmd"))
    if args.names:
        cases = [case for case in cases if any(name in str(case) for name in args.names)]
    if not cases:
        print("no case was found", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        agreed = list(pool.map(lambda case: judge(case, binary, args.update), cases))
    print(f"{sum(agreed)} of {len(cases)} cases {'written' if args.update else 'agree'}")
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
