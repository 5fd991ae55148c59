"""What the tests over the binary share: a second reader of exports, and a way to run trueup.

Nothing here is trueup's own code. The source is read by Python's sqlite3 (or plain DuckDB), the parts
by plain DuckDB SQL through duckdb_sql, and CSV parts by a parser of a few lines besides. A finding
is raised as Mismatch, a sentence.
"""

import argparse
import collections
import datetime
import decimal
import gc
import hashlib
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import digest as digests  # noqa: E402

EPOCH = datetime.datetime(1970, 1, 1)
gc.disable()  # Tests hold many rows and make no cycles.
decimal.getcontext().prec = 60


class Mismatch(Exception):
    """What was written is not what should have been."""


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--trueup", required=True)
    parser.add_argument("--duckdb-sql", required=True)
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    parser.add_argument("--only", default="", help="run only cases whose name contains this")
    return parser


class Scratch:
    """A folder for one test. In memory when there is room: the tests kill processes, not machines,
    so what an fsync costs would only be waited for."""

    def __init__(self, keep=False):
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) and not keep else None
        if place and shutil.disk_usage(place).free < 256 << 20:
            place = None
        self.path = tempfile.mkdtemp(prefix="trueup-test-", dir=place)
        self._keep = keep

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        if self._keep:
            print("kept:", self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class DuckDb:
    """Plain DuckDB in a process of its own."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self):
        self._process.stdin.close()
        self._process.wait()

    def rows(self, sql):
        self._process.stdin.write(sql.encode() + b"\n;\n")
        self._process.stdin.flush()
        rows = []
        while True:
            line = self._process.stdout.readline()
            if not line:
                raise Mismatch(f"duckdb_sql ended at: {sql}")
            answer = json.loads(line)
            if isinstance(answer, list):
                rows.append(answer)
            elif "error" in answer:
                raise Mismatch(f"DuckDB: {answer['error']}\n  in: {sql}")
            elif answer["rows"] != len(rows):
                raise Mismatch(f"duckdb_sql said {answer['rows']} rows and sent {len(rows)}")
            else:
                return rows


# Values -------------------------------------------------------------------------------------------
# One form on both sides: int for integers, days (DATE) and microseconds (times), bool, float, str,
# bytes (BLOB, UUID), the unscaled int of a DECIMAL, None; for a list, a list of those.


def scale_of(type_name):
    return int(type_name.rstrip(")").split(",")[1])


def unscaled(text, type_name):
    shifted = decimal.Decimal(text).scaleb(scale_of(type_name))
    if shifted != shifted.to_integral_value():
        raise Mismatch(f"{text} is no {type_name}")
    return int(shifted)


def days_of(text):
    """Days since 1970-01-01 of "2024-02-29", "0044-03-15 BC" or "-0043-03-15": any year there is."""
    found = re.fullmatch(r"(-?\d+)-(\d\d)-(\d\d)( BC| \(BC\))?", text)
    if not found:
        raise Mismatch(f"{text} is no date")
    year = 1 - int(found[1]) if found[4] else int(found[1])
    # Python's years end at 9999; the calendar repeats itself every 400.
    cycle = (year - 1) // 400
    day = datetime.date(year - 400 * cycle, int(found[2]), int(found[3]))
    return (day - EPOCH.date()).days + 146_097 * cycle


def micros_of(text):
    """Microseconds since 1970-01-01, of a zone's text in UTC."""
    plain = re.sub(r" BC$| \(BC\)", "", text)
    found = re.fullmatch(r"(-?\d+-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?"
                         r"\s*(Z|[+-]\d\d(?::?\d\d)?)?", plain)
    if not found:
        raise Mismatch(f"{text} is no time")
    seconds = days_of(found[1] + (" BC" if plain != text else "")) * 86_400
    seconds += int(found[2] or 0) * 3600 + int(found[3] or 0) * 60 + int(found[4] or 0)
    zone = found[6]
    if zone and zone != "Z":
        away = int(zone[1:3]) * 3600 + int(zone[3:].strip(":") or 0) * 60
        seconds -= away if zone[0] == "+" else -away
    return seconds * 1_000_000 + int((found[5] or "").ljust(6, "0") or 0)


def time_micros(text):
    return micros_of("1970-01-01 " + text)


def to_float32(number):
    """The 32-bit number that the shortest text of one names: as a double it is another one."""
    return struct.unpack("f", struct.pack("f", number))[0]


def from_text(text, type_name):
    """Of a list: from a JSON array of the texts of its elements."""
    if type_name.endswith("[]"):
        return [None if item is None else from_text(item, type_name[:-2]) for item in json.loads(text)]
    base = type_name.split("(")[0]
    if base == "BOOLEAN":
        return {"true": True, "false": False}[text.lower()]
    if base == "DOUBLE":
        return float(text)
    if base == "FLOAT":
        return to_float32(float(text))
    if base == "DECIMAL":
        return unscaled(text, type_name)
    if base in ("VARCHAR", "JSON"):
        return text
    if base == "BLOB":
        return bytes.fromhex(text)
    if base == "UUID":
        return uuid.UUID(text).bytes
    if base == "DATE":
        return days_of(text)
    if base == "TIME":
        return time_micros(text)
    if base.startswith("TIMESTAMP"):
        return micros_of(text)
    return int(text)


def of_duckdb(value, type_name):
    if isinstance(value, list):
        return [of_duckdb(item, type_name[:-2]) for item in value]
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    if isinstance(value, str) and type_name not in ("VARCHAR", "JSON"):
        return from_text(value, type_name)
    return to_float32(value) if type_name == "FLOAT" and value is not None else value


def of_sqlite(value, type_name):
    """What a cell of SQLite is in a column of this type, by specification: exact, or an error."""
    base = type_name.split("(")[0]
    if value is None:
        return None
    if base == "BOOLEAN" and isinstance(value, int):
        return bool(value)
    if base in ("DOUBLE", "FLOAT"):
        return float(value)
    if base == "DECIMAL":
        return unscaled(repr(value) if isinstance(value, float) else str(value), type_name)
    if base in ("VARCHAR", "JSON") and isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if base == "UUID" and isinstance(value, bytes):
        return value
    return from_text(value, type_name) if isinstance(value, str) else value


def comparable(row):
    """A row as the key of a multiset: -0.0 is not 0.0, every NaN is one value, 1 is not True."""
    out = []
    for value in row:
        if isinstance(value, float):
            out.append(("f", "nan" if math.isnan(value) else struct.pack(">d", value)))
        elif isinstance(value, list):
            out.append(("list", comparable(value)))
        else:
            out.append((type(value).__name__, value))
    return tuple(out)


def compare_rows(found, wanted, what):
    found = collections.Counter(map(comparable, found))
    wanted = collections.Counter(map(comparable, wanted))
    if found == wanted:
        return
    missing = list((wanted - found).items())
    extra = list((found - wanted).items())
    shown = f"missing: {shorten(missing[:3])}\n  extra: {shorten(extra[:3])}"
    if len(missing) == len(extra) == 1:
        pairs = zip(missing[0][0], extra[0][0])
        shown = f"column, wanted, found: {[(i, *map(shorten, p)) for i, p in enumerate(pairs) if p[0] != p[1]]}"
    raise Mismatch(f"{what}: {sum(n for _, n in missing)} rows missing, "
                   f"{sum(n for _, n in extra)} too many\n  {shown}")


def shorten(value):
    text = repr(value)
    return text if len(text) <= 500 else text[:300] + "…" + text[-100:]


# Exports ------------------------------------------------------------------------------------------


def sha256_file(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def marker_state(prefix):
    """'missing', 'valid', or Mismatch: a marker that is there must be right."""
    path = os.path.join(prefix, "_SUCCESS")
    if not os.path.exists(path):
        return "missing"
    with open(path, "rb") as file:
        marker = file.read()
    manifest = os.path.join(prefix, "manifest.json")
    if not os.path.exists(manifest):
        raise Mismatch(f"{path} stands without a manifest")
    if marker != f"sha256:{sha256_file(manifest)}\n".encode():
        raise Mismatch(f"{path} is not that of the manifest: {marker!r}")
    return "valid"


def load_manifest(prefix):
    with open(os.path.join(prefix, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    if manifest["schema"] != "trueup.manifest/1":
        raise Mismatch(f"{prefix}: schema {manifest['schema']}")
    return manifest


def committed(manifest):
    return [part for part in manifest["parts"] if part["status"] == "committed"]


def types_of(manifest):
    return [column["type"] for column in manifest["columns"]]


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def quote_name(text):
    return '"' + text.replace('"', '""') + '"'


def check_files(prefix, manifest):
    """Every committed part is there, of that size and SHA-256; the totals are their sums."""
    parts = committed(manifest)
    for part in parts:
        path = os.path.join(prefix, part["path"])
        if not os.path.exists(path):
            raise Mismatch(f"{path} is committed and missing")
        if os.path.getsize(path) != part["bytes"]:
            raise Mismatch(f"{path} has {os.path.getsize(path)} bytes, not {part['bytes']}")
        if sha256_file(path) != part["sha256"]:
            raise Mismatch(f"{path} has another SHA-256 than the manifest says")
    sums = {"rows": sum(part["rows"] for part in parts),
            "bytes": sum(part["bytes"] for part in parts), "parts": len(parts)}
    if manifest["totals"] != sums:
        raise Mismatch(f"{prefix}: totals {manifest['totals']}, but the parts sum up to {sums}")


def parquet_query(manifest, paths):
    names = ", ".join(quote_name(column["name"]) for column in manifest["columns"])
    files = ", ".join(map(quote, paths))
    return f"SELECT filename, {names} FROM read_parquet([{files}], filename='filename')"


def csv_query(manifest, paths):
    options = manifest["format"]["options"]
    columns, texts = [], []
    for column in manifest["columns"]:
        name = quote_name(column["name"])
        texts.append(f"{quote(column['name'])}: 'VARCHAR'")
        is_blob = column["type"] == "BLOB"
        value = f"unhex({name})" if is_blob else f"CAST({name} AS {column['type']})"
        columns.append(f"{value} AS {name}")
    files = ", ".join(map(quote, paths))
    return (f"SELECT filename, {', '.join(columns)} FROM read_csv([{files}], auto_detect=false, "
            f"header={options['header']}, delim={quote(options['delimiter'])}, "
            f"quote={quote(options['quote'])}, escape={quote(options['quote'])}, "
            f"nullstr={quote(options['null'])}, allow_quoted_nulls=false, filename='filename', "
            "max_line_size=33554432, buffer_size=67108864, "
            f"compression={quote(options['compression'])}, columns={{{', '.join(texts)}}})")


def parts_query(manifest, paths):
    """The rows of these parts, with the columns that the manifest names behind `filename`."""
    is_parquet = manifest["format"]["kind"] == "parquet"
    return (parquet_query if is_parquet else csv_query)(manifest, paths)


def parse_csv(text, delimiter, quote_mark):
    """Rows of (text, was it quoted). Unlike Python's csv it keeps the two apart."""
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == quote_mark:
            field, at = [], at + 1
            while text[at] != quote_mark or text[at + 1:at + 2] == quote_mark:
                at += 1 if text[at] == quote_mark else 0
                field.append(text[at])
                at += 1
            row.append(("".join(field), True))
            at += 1
        else:
            end = at
            while end < len(text) and text[end] not in (delimiter, "\n", "\r"):
                end += 1
            row.append((text[at:end], False))
            at = end
        if at < len(text) and text[at] == delimiter:
            at += 1
            if at == len(text):
                row.append(("", False))
            elif text[at] in "\r\n":
                row.append(("", False))
            else:
                continue
        at += 1 if text[at:at + 1] == "\r" else 0
        if text[at:at + 1] != "\n":
            raise Mismatch(f"a CSV record does not end with a line: …{text[max(0, at - 20):at + 20]!r}")
        at += 1
        rows.append(row)
        row = []
    return rows


def rows_of_csv(manifest, path):
    options = manifest["format"]["options"]
    with open(path, "rb") as file:
        text = file.read().decode()
    rows = parse_csv(text, options["delimiter"], options["quote"])
    if options["header"] == "true":
        header = [name for name, _ in rows.pop(0)]
        if header != [column["name"] for column in manifest["columns"]]:
            raise Mismatch(f"{path} is headed {header}")
    types = types_of(manifest)
    out = []
    for row in rows:
        if len(row) != len(types):
            raise Mismatch(f"{path}: a record of {len(row)} fields, not {len(types)}")
        out.append([None if field == options["null"] and not is_quoted else from_text(field, type_)
                    for (field, is_quoted), type_ in zip(row, types)])
    return out


def rows_of_parts(duckdb, prefix, manifest):
    """{path: rows} of exactly the committed parts, read by plain SQL."""
    parts = {os.path.join(prefix, part["path"]): [] for part in committed(manifest)}
    if not parts:
        return parts
    is_parquet = manifest["format"]["kind"] == "parquet"
    query = parts_query(manifest, list(parts))
    types = types_of(manifest)
    if is_parquet:
        found = duckdb.rows(f"SELECT column_name, column_type FROM (DESCRIBE {query}) OFFSET 1")
        wanted = [[column["name"], column["type"]] for column in manifest["columns"]]
        if found != wanted:
            raise Mismatch(f"{prefix}: the parts' columns are {found}, the manifest's {wanted}")
    for filename, *row in duckdb.rows(query):
        parts[filename].append([of_duckdb(value, type_) for value, type_ in zip(row, types)])
    if not is_parquet and manifest["format"]["options"]["compression"] == "none":
        for path, rows in parts.items():
            compare_rows(rows_of_csv(manifest, path), rows, f"{path}, read by two CSV parsers")
    return parts


def check_digests(manifest, prefix, rows_by_path):
    types = types_of(manifest)
    names = [column["name"] for column in manifest["columns"]]
    for part in committed(manifest):
        columns, row_digest = digests.digest(rows_by_path[os.path.join(prefix, part["path"])], types)
        wanted = [{"column": name, "digest": digest, "nulls": nulls}
                  for name, (digest, nulls) in zip(names, columns)]
        if part["column_digests"] != wanted:
            raise Mismatch(f"{part['path']}: column digests {part['column_digests']}, not {wanted}")
        if part["row_digest"] != row_digest:
            raise Mismatch(f"{part['path']}: row digest {part['row_digest']}, not {row_digest}")


EXPORTED_AT, ROW_HASH = "_rivet_exported_at", "_rivet_row_hash"


def without_meta_columns(manifest, rows, prefix):
    """(manifest, rows) of what was read. What was computed must be right: one time in all rows, and the hash of
    each row by a second implementation."""
    names = [column["name"] for column in manifest["columns"]]
    meta = {name: names.index(name) for name in (EXPORTED_AT, ROW_HASH) if name in names}
    width = len(names) - len(meta)
    if sorted(meta.values()) != list(range(width, len(names))):
        raise Mismatch(f"{prefix}: meta columns in the middle of {names}")
    if len({row[meta[EXPORTED_AT]] for row in rows} if EXPORTED_AT in meta else {0}) > 1:
        raise Mismatch(f"{prefix}: rows of more than one time")
    if (ROW_HASH in meta) != ("row_hash" in manifest):
        raise Mismatch(f"{prefix}: row_hash of the manifest is {manifest.get('row_hash')}")
    if ROW_HASH in meta:
        contract = manifest["row_hash"]
        if (contract["column"], contract["render"]) != (ROW_HASH, "trueup.row_hash/1"):
            raise Mismatch(f"{prefix}: the contract is {contract}")
        covered = [names.index(name) for name in contract["covered"]]
        types = [types_of(manifest)[i] for i in covered]
        for row in rows:
            wanted = digests.row_hash([row[i] for i in covered], types)
            if row[meta[ROW_HASH]] != wanted:
                raise Mismatch(f"{prefix}: the hash of {row} should be {wanted}")
    return {**manifest, "columns": manifest["columns"][:width]}, [row[:width] for row in rows]


def check_export(duckdb, prefix, source_rows, needs_marker=True):
    """The whole verdict on one export; returns its manifest. `source_rows(manifest)` gives the truth."""
    if marker_state(prefix) == "missing":
        if needs_marker:
            raise Mismatch(f"{prefix} has no _SUCCESS")
        return None
    manifest = load_manifest(prefix)
    check_files(prefix, manifest)
    rows_by_path = rows_of_parts(duckdb, prefix, manifest)
    for part in committed(manifest):
        count = len(rows_by_path[os.path.join(prefix, part["path"])])
        if count != part["rows"]:
            raise Mismatch(f"{part['path']} holds {count} rows, the manifest says {part['rows']}")
    copied = [row for rows in rows_by_path.values() for row in rows]
    read, copied = without_meta_columns(manifest, copied, prefix)
    compare_rows(copied, source_rows(read), prefix)
    check_digests(manifest, prefix, rows_by_path)
    return manifest


def sqlite_rows(connection, sql):
    """The truth, for check_export: what `sql` gives, in the types that the manifest names."""
    def rows(manifest):
        types = types_of(manifest)
        return [[of_sqlite(value, type_) for value, type_ in zip(row, types)]
                for row in connection.execute(sql)]
    return rows


def owned_files(prefix):
    """Every name under the prefix that a manifest, present or past, or the format itself owns."""
    names = {"manifest.json", "_SUCCESS", ".trueup.lock"}
    history = os.path.join(prefix, "manifests")
    paths = [os.path.join(prefix, "manifest.json")]
    if os.path.isdir(history):
        for name in os.listdir(history):
            names.add("manifests/" + name)
            paths.append(os.path.join(history, name))
    for path in paths:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                names.update(part["path"] for part in json.load(file)["parts"])
    return names


def stray_files(prefix):
    """Files that nothing owns; _quarantine is where such files go."""
    owned, stray = owned_files(prefix), []
    for folder, _, files in os.walk(prefix):
        for file in files:
            name = os.path.relpath(os.path.join(folder, file), prefix)
            if not name.startswith("_quarantine/") and name not in owned:
                stray.append(name)
    return sorted(stray)


# Running trueup -----------------------------------------------------------------------------------

Ran = collections.namedtuple("Ran", "status out err")


COMBINATIONS = (("parquet", 1), ("csv", 4), ("parquet", 4), ("csv", 1))


def combinations(ways, number, is_full):
    """(way to cut, format, workers) of the exports of the `number`-th table: all of them, or each way meets one
    format and number of workers, in turn, so that neighbouring tables meet the other ones."""
    for i, way in enumerate(ways):
        for j, combination in enumerate(COMBINATIONS):
            if is_full or (i + number) % len(COMBINATIONS) == j:
                yield way, *combination


def write_config(path, source, exports):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"source": source, "exports": exports}, file, ensure_ascii=False, indent=1)
    return path


def environment(fault=None, more=None):
    names = {**os.environ, **(more or {})}
    names.pop("TRUEUP_FAULT", None)
    # A killed process cannot report leaks, and the search costs more than these runs.
    names["ASAN_OPTIONS"] = "detect_leaks=0:" + names.get("ASAN_OPTIONS", "")
    if fault:
        names["TRUEUP_FAULT"] = fault
    return names


def run(program, *words, fault=None, cwd=None, env=None):
    """`status` is negative after a signal, as subprocess has it; `env` is added to the environment."""
    done = subprocess.run([program, *words], env=environment(fault, env), cwd=cwd, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, errors="replace")
    for sign in ("AddressSanitizer", "runtime error:", "CHECK failed", "terminate called"):
        if sign in done.stderr:
            raise Mismatch(f"{' '.join(words)}: {done.stderr[:4000]}")
    return Ran(done.returncode, done.stdout, done.stderr)


def visits_in(errors):
    """The fault points that a run which ended passed, each with its visits; from what it wrote to stderr."""
    found = {}
    for line in errors.splitlines():
        if line.startswith("fault point "):
            name, count = line.removeprefix("fault point ").rsplit(": ", 1)
            found[name] = int(count)
    return found


class Tally:
    """Names and counts the cases; every failure is told at once, the exit status at the end."""

    def __init__(self):
        self.passed = 0
        self.failures = []

    def case(self, name, work, *args):
        started = time.monotonic()
        try:
            work(*args)
            self.passed += 1
            print(f"{time.monotonic() - started:6.1f} s  {name}", flush=True)
        except Mismatch as mismatch:
            self.failures.append(name)
            print(f"FAILED {name}: {mismatch}", flush=True)

    def end(self):
        print(f"{self.passed} passed, {len(self.failures)} failed")
        if self.passed == 0:
            print("nothing was tested")
        sys.exit(0 if self.passed and not self.failures else 1)
