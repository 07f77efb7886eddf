#!/usr/bin/env python3
"""Writes expected.tsv: every input of this folder's JSON files, and what fwledger must say of it.

A decoder of its own in Python, written from RFC 8949 and the rules in core/cbor.h: hex, tab, OK or the name of the error.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
DEPTH = 16


class Bad(Exception):
    pass


def item(b, at, depth):
    """Checks one item at b[at:], returns the offset behind it."""
    if at == len(b):
        raise Bad("TRUNCATED")
    major, info = b[at] >> 5, b[at] & 31
    at += 1
    if major == 7:
        if info not in (20, 21, 22):
            raise Bad("TYPE")
        return at
    value = info
    if info >= 28:
        raise Bad("FORM")
    if info >= 24:
        size = 1 << (info - 24)
        if at + size > len(b):
            raise Bad("TRUNCATED")
        value = int.from_bytes(b[at:at + size], "big")
        at += size
        if value < (24 if size == 1 else 1 << (4 * size)):
            raise Bad("FORM")
    if major in (0, 1):
        return at
    if major in (2, 3):
        if value > len(b) - at:
            raise Bad("TRUNCATED")
        if major == 3:
            try:
                b[at:at + value].decode("utf-8")
            except UnicodeDecodeError:
                raise Bad("UTF8") from None
        return at + value
    count = 1 if major == 6 else value
    if count > len(b) - at:
        raise Bad("TRUNCATED")
    if count and depth == DEPTH:
        raise Bad("DEPTH")
    last = b""
    for _ in range(count):
        start = at
        at = item(b, at, depth + 1)
        if major == 5:
            key = b[start:at]
            if key <= last:
                raise Bad("DUPLICATE" if key == last else "ORDER")
            last = key
            at = item(b, at, depth + 1)
    return at


def verdict(b):
    try:
        return "OK" if item(b, 0, 0) == len(b) else "TRAILING"
    except Bad as e:
        return str(e)


with open(HERE / "expected.tsv", "w", encoding="ascii") as out:
    for name in ("appendix_a.json", "not_well_formed.json"):
        for v in json.loads((HERE / name).read_text()):
            out.write(f"{name}\t{v['hex']}\t{verdict(bytes.fromhex(v['hex']))}\n")
