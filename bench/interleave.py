#!/usr/bin/env python3
"""Compares commands by interleaved rounds, because a machine's speed swings by more than what we measure.

    bench/interleave.py SPEC.json [--rounds N] [--out RESULT.json]

Every round runs every command once; a command is judged by its seconds divided by those of the
reference command in the same round, and the median of these ratios is the result. Rounds start with
another command each time, so that none always runs first. The first round warms the caches and is
not counted.

SPEC: {"reference": "floor",
       "commands": {"floor": {"run": ["build/release/bench/sqlite_step", "x.db"]},
                    "extract": {"before": ["rm", "-rf", "out"], "run": ["…"], "env": {"A": "b"}}}}

"before" is not timed. Peak memory is that of the process itself, as wait4 reports it; Linux never
reports less than this program's own, some 16 MB. A command that fails ends the comparison with
status 1: a ratio to a failure means nothing. The result is one JSON object, on stdout unless --out is
given; what is going on goes to stderr.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time


class Failed(Exception):
    pass


def environment(command):
    return {**os.environ, **command.get("env", {})}


def prepare(name, command):
    if "before" in command:
        done = subprocess.run(command["before"], env=environment(command), check=False,
                              stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"{name}: the preparation ended with status {done.returncode}")


def measure(name, command):
    """Runs the command once: its seconds, its CPU seconds, its peak resident bytes."""
    prepare(name, command)
    with open(os.devnull, "r+b") as nothing:
        begin = time.monotonic()
        pid = os.posix_spawnp(command["run"][0], command["run"], environment(command), file_actions=[
            (os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)])
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - begin
    code = os.waitstatus_to_exitcode(status)
    if code != command.get("status", 0):
        raise Failed(f"{name}: ended with status {code}")
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_rss_bytes": usage.ru_maxrss * 1024}


def in_turn(names, number):
    """The names, starting at another one in each round."""
    start = number % len(names)
    return names[start:] + names[:start]


def compare(spec, rounds):
    names = list(spec["commands"])
    counted = []
    for number in range(rounds + 1):
        this = {name: measure(name, spec["commands"][name]) for name in in_turn(names, number)}
        label = f"round {number}" if number else "warm-up"
        print(label + ": " + ", ".join(f"{name} {this[name]['seconds']:.2f} s" for name in names),
              file=sys.stderr, flush=True)
        if number:
            counted.append(this)
    return counted


def summarise(spec, counted):
    reference = spec["reference"]
    summary = {}
    for name in spec["commands"]:
        ratios = [this[name]["seconds"] / this[reference]["seconds"] for this in counted]
        seconds = [this[name]["seconds"] for this in counted]
        summary[name] = {
            "ratio": round(statistics.median(ratios), 3),
            "ratio_least": round(min(ratios), 3), "ratio_most": round(max(ratios), 3),
            "seconds": round(statistics.median(seconds), 4), "seconds_least": round(min(seconds), 4),
            "cpu_seconds": round(statistics.median(this[name]["cpu_seconds"] for this in counted), 4),
            "peak_rss_mb": round(max(this[name]["peak_rss_bytes"] for this in counted) / 1e6, 1),
        }
    return {"schema": "trueup.bench/1", "reference": reference, "rounds": len(counted),
            "machine": {"cores": os.cpu_count(), "architecture": platform.machine()},
            "commands": summary}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("spec")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out")
    options = parser.parse_args()
    with open(options.spec, encoding="utf-8") as file:
        spec = json.load(file)
    if spec.get("reference") not in spec.get("commands", {}) or options.rounds < 1:
        print("interleave: the reference must be one of the commands, and rounds at least 1",
              file=sys.stderr)
        return 64
    try:
        text = json.dumps(summarise(spec, compare(spec, options.rounds)), indent=1) + "\n"
    except (Failed, OSError) as error:
        print(f"interleave: {error}", file=sys.stderr)
        return 1
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
