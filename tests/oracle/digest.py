"""A second implementation of docs/formats/digest.md, from plain values to hexadecimal digits.

It shares nothing with src/core/digest.cc but the document and the xxHash library itself.
"""

import ctypes
import ctypes.util
import math
import struct

_MASK64 = (1 << 64) - 1
_MASK128 = (1 << 128) - 1


class _Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def _load():
    library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    library.XXH3_64bits_withSeed.restype = ctypes.c_uint64
    library.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    library.XXH3_128bits.restype = _Hash128
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return library


_XXHASH = _load()


def canonical_bytes(value, type_name):
    """`value` is canonical as oracle.py has it: numbers for numbers and times, str, bytes, and a list
    for a list."""
    if type_name.endswith("[]"):
        elements = [None if item is None else canonical_bytes(item, type_name[:-2]) for item in value]
        framed = [struct.pack("<Q", _MASK64) if item is None else struct.pack("<Q", len(item)) + item
                  for item in elements]
        return struct.pack("<Q", len(elements)) + b"".join(framed)
    base = type_name.split("(")[0]
    if base == "BOOLEAN":
        return bytes([1 if value else 0])
    if base in ("DOUBLE", "FLOAT"):
        return struct.pack("<Q", 0x7FF8000000000000) if math.isnan(value) else struct.pack("<d", value)
    if base == "DECIMAL":
        return value.to_bytes(16, "little", signed=True)
    if base in ("VARCHAR", "JSON"):
        return value.encode()
    if base in ("BLOB", "UUID"):
        return value
    if base.startswith("U"):
        return value.to_bytes(8, "little")
    return value.to_bytes(8, "little", signed=True)


def row_hash(values, types):
    """A row's hash by docs/formats/meta-columns.md, of the values it covers, as a signed number."""
    hashes = []
    for i, (value, type_name) in enumerate(zip(values, types)):
        data = b"" if value is None else canonical_bytes(value, type_name)
        seed = i ^ _MASK64 if value is None else i
        hashes.append(_XXHASH.XXH3_64bits_withSeed(data, len(data), seed))
    line = struct.pack(f"<{len(hashes)}Q", *hashes)
    low = _XXHASH.XXH3_128bits(line, len(line)).low
    return low - (1 << 64) if low >> 63 else low


def digest(rows, types):
    """([(column digest, nulls)], row digest) of rows of canonical values, in hexadecimal digits."""
    known = [{} for _ in types]
    null_hashes = [_XXHASH.XXH3_64bits_withSeed(b"", 0, i ^ _MASK64) for i in range(len(types))]
    sums = [0] * len(types)
    nulls = [0] * len(types)
    row_sum = 0
    for row in rows:
        hashes = []
        for i, value in enumerate(row):
            if value is None:
                nulls[i] += 1
                hashes.append(null_hashes[i])
                continue
            data = canonical_bytes(value, types[i])
            hashed = known[i].get(data)
            if hashed is None:
                hashed = known[i][data] = _XXHASH.XXH3_64bits_withSeed(data, len(data), i)
            sums[i] = (sums[i] + hashed) & _MASK64
            hashes.append(hashed)
        line = struct.pack(f"<{len(hashes)}Q", *hashes)
        of_row = _XXHASH.XXH3_128bits(line, len(line))
        row_sum = (row_sum + (of_row.high << 64 | of_row.low)) & _MASK128
    return [(f"{total:016x}", count) for total, count in zip(sums, nulls)], f"{row_sum:032x}"
