#!/usr/bin/env python3
"""Runs every ```sh block of the given documents, in order, each document in a folder of its own, which
is its home: beside a small shop database, with a made-up Codex home in it. A line with the comment "# exit N" must end with that status; every other
line with 0."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

CODEX_LIBRARY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli/lib/codex.sh")
EXIT = re.compile(r"#\s*exit (\d+)\b")


def blocks(path):
    """(line number, text) of each ```sh block."""
    with open(path, encoding="utf-8") as document:
        text = document.read()
    for found in re.finditer(r"^```sh\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, found.start()) + 1, found.group(1)


def commands(block):
    """Each command of a block with the status it must end with; here-documents and quoted line breaks
    stay with their command."""
    lines = block.splitlines()
    index = 0
    while index < len(lines):
        command = lines[index]
        index += 1
        heredoc = re.search(r"<<'(\w+)'", command)
        while heredoc and index < len(lines):
            command += "\n" + lines[index]
            index += 1
            if lines[index - 1] == heredoc.group(1):
                break
        while command.count('"') - command.count('\\"') & 1 and index < len(lines):
            command += "\n" + lines[index]
            index += 1
        if command.strip():
            wanted = EXIT.search(command)
            yield command, int(wanted.group(1)) if wanted else 0


def run_blocks(path, folder, environment):
    """Runs the document's commands there; how many there were, and how many ended otherwise."""
    ran = failed = 0
    for line, block in blocks(path):
        for command, wanted in commands(block):
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment,
                                  stdin=subprocess.DEVNULL, text=True, capture_output=True)
            ran += 1
            if done.returncode != wanted:
                failed += 1
                print(f"{path}:{line}: {command!r} ended with {done.returncode}, not {wanted}\n"
                      f"{done.stdout}{done.stderr}")
    if ran == 0:
        print(f"{path}: no command was found")
        failed += 1
    return ran, failed


def environment_in(folder, trueup):
    """That of somebody whose home is the folder and who has this trueup."""
    os.mkdir(os.path.join(folder, "bin"))
    os.symlink(os.path.abspath(trueup), os.path.join(folder, "bin", "trueup"))
    environment = dict(os.environ, PATH=os.path.join(folder, "bin") + ":" + os.environ["PATH"],
                       HOME=folder, LC_ALL="C.UTF-8")
    for name in ("CODEX_HOME", "CODEX_SQLITE_HOME", "TRUEUP_LANG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        environment.pop(name, None)
    return environment


def run_document(path, trueup, generator):
    folder = tempfile.mkdtemp(prefix="trueup-docs-")
    try:
        environment = environment_in(folder, trueup)
        subprocess.run(["bash", "-euc", '. "$1"; make_home', "bash", CODEX_LIBRARY], cwd=folder,
                       env=environment, check=True)
        subprocess.run([generator, "--shape", "shop", "--orders", "20000", "shop.db"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        return run_blocks(path, folder, environment)
    finally:
        shutil.rmtree(folder)


def main():
    trueup, generator, *documents = sys.argv[1:]
    ran = failed = 0
    for document in documents:
        more_ran, more_failed = run_document(document, os.path.abspath(trueup),
                                             os.path.abspath(generator))
        ran += more_ran
        failed += more_failed
    print(f"{ran} commands, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
