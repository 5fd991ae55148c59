"""No secret leaves its place: a password is planted wherever one can stand, every command runs, and everything they
wrote is searched for it: both streams, the ledger, manifests, parts, reports, and what is left in the folder."""

import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402
from loopback import PASSWORD  # noqa: E402

WORD = "s3cret"  # The password begins with it, and no spelling of it in a URL changes that.
ENCODED = urllib.parse.quote(PASSWORD, safe="")
COMMANDS = ("doctor", "check", "run", "reconcile", "validate", "status", "journal", "repair", "gc")
CONNECTING = ("doctor", "check", "run", "reconcile")
OUTPUTS = ((), ("--json",), ("--verbose", "--progress", "json"))


def keys(server, **more):
    return {**{key: value for key, value in server.source().items() if key != "password"}, **more}


def url(server, password=ENCODED):
    source = server.source()
    return f"{source['type']}://owner:{password}@127.0.0.1:{server.port}/{source['database']}"


def ways(server, variable):
    """Name, `source:`, environment, words of the command line, and whether it works. `variable` is where the
    engine's own programs look."""
    kind = server.source()["type"]
    return [
        ("password", keys(server, password=PASSWORD), {}, (), True),
        ("password_env", keys(server, password_env="PLANTED"), {"PLANTED": PASSWORD}, (), True),
        ("own variable", keys(server), {variable: PASSWORD}, (), True),
        ("url", {"type": kind, "url": url(server)}, {}, (), True),
        ("url_env", {"type": kind, "url_env": "PLANTED"}, {"PLANTED": url(server)}, (), True),
        ("url_file", {"type": kind, "url_file": "planted"}, {}, (), True),
        ("param", keys(server, password="${PW}"), {}, ("-p", "PW=" + PASSWORD), True),
        ("param in url", {"type": kind, "url": url(server, "${PW}")}, {}, ("-p", "PW=" + ENCODED), True),
        ("wrong password", keys(server, password=PASSWORD + "x"), {}, (), False),
        ("wrong in url", {"type": kind, "url": url(server, ENCODED + "x")}, {}, (), False),
        ("no such database", {"type": kind, "url": url(server) + "x"}, {}, (), False),
        ("slash in url", {"type": kind, "url": url(server, "1/" + WORD)}, {}, (), False),
        ("question mark in url", {"type": kind, "url": url(server, "1?" + WORD)}, {}, (), False),
        ("host in url", {"type": kind, "url": url(server).replace("127.0.0.1", "no-such.invalid")}, {}, (),
         False),
        ("credentials in host", keys(server, host=f"owner:{WORD}@127.0.0.1"), {}, (), False),
        ("url as path", {"type": "sqlite", "path": url(server)}, {}, (), False),
        ("url as type", {"type": url(server)}, {}, (), False),
        ("two ways", {"type": kind, "url": url(server), "password": PASSWORD}, {}, (), False),
    ]


def files_with(word, folder, but):
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                if path not in but and word.encode() in file.read():
                    found.append(path)
    return found


def nothing_leaks(tools, server, scratch, name, source, environment, words, works):
    folder = os.path.join(scratch, name.replace(" ", "-"))
    os.makedirs(folder)
    config = oracle.write_config(os.path.join(folder, "trueup.yaml"), source, [
        {"name": "orders", "table": "orders", "format": "csv", "mode": "chunked", "chunk_size": 1000,
         "destination": {"type": "local", "path": os.path.join(folder, "out")}}])
    planted = os.path.join(folder, "planted")
    with open(planted, "w", encoding="utf-8") as file:
        file.write(url(server) + "\n")
    if WORD in str(source) and not files_with(WORD, folder, but=[planted]):
        raise Mismatch("the search does not find what was planted")
    for command in COMMANDS:
        for more in OUTPUTS if works or command in CONNECTING else OUTPUTS[:1]:
            ran = oracle.run(tools.trueup, "extract", command, "-c", config, *words, *more,
                             env=environment)
            if WORD in ran.out + ran.err:
                raise Mismatch(f"{command} {' '.join(more)} printed it: {ran.out}{ran.err}")
            if command in CONNECTING and (ran.status == 0) != works:
                raise Mismatch(f"{command} {' '.join(more)} ended with {ran.status}: {ran.err}")
    leaks = files_with(WORD, folder, but=[config, planted])
    if leaks:
        raise Mismatch(f"it stands in {leaks}")


def init_leaks_nothing(tools, server, scratch):
    folder = os.path.join(scratch, "init")
    os.makedirs(folder)
    for number, (source, works) in enumerate(((url(server), True), (url(server) + "x", False),
                                              (url(server, "1/" + WORD), False),
                                              (url(server, "1?" + WORD), False),
                                              (url(server, ENCODED + "x"), False))):
        for more in ((), ("--json",), ("-o", os.path.join(folder, f"{number}.yaml"))):
            ran = oracle.run(tools.trueup, "extract", "init", source, *more)
            if WORD in ran.out + ran.err:
                raise Mismatch(f"init printed it: {ran.out}{ran.err}")
            if (ran.status == 0) != works:
                raise Mismatch(f"init ended with {ran.status}: {ran.err}")
    leaks = files_with(WORD, folder, but=[])
    if leaks or not os.path.exists(os.path.join(folder, "0.yaml")):
        raise Mismatch(f"it stands in {leaks}")


def walk(description, server_type, make_shop, variable):
    """`make_shop` makes a table `orders`."""
    tools = oracle.arguments(description).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, server_type() as server:
        server.execute(make_shop)
        for name, *way in ways(server, variable):
            if tools.only in name:
                tally.case(name, nothing_leaks, tools, server, scratch, name, *way)
        if tools.only in "init":
            tally.case("init", init_leaks_nothing, tools, server, scratch)
    tally.end()
