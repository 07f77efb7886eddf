#!/usr/bin/env python3
"""Vectors of the state tree, from the rules of docs/spec/state-tree.md alone.

Writes one JSON object a line to standard output:
  {"tree": n, "root": hex}                                    the tree of keys 0..n-1
  {"tree": n, "key": hex, "kind": k, "proof": hex}            an honest proof (kind 1 present, 2, 3 absent)
  {"tree": n, "key": hex, "bad": why, "proof": hex}           a proof that is to be refused against the tree's root
  {"parts": n, "chunks": [[index, count, hash], ...], "root": hex}  the parts of a snapshot
  {"records": n, "record": key hex, "value": hex}             the stored records, ascending
Key i of table 9 is "key-" + decimal i; its value is "value-" + decimal i.
"""
import hashlib
import json
import sys

TABLE = 9
EMPTY = bytes(32)


def h(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def key_name(i):
    return b"key-%d" % i


def key_hash(name):
    return h(b"\x12", bytes([TABLE]), name)


def value_hash(i):
    return h(b"\x13", b"value-%d" % i)


def leaf(k, v):
    return h(b"\x10", k, v)


def inner(a, b):
    return h(b"\x11", a, b)


def bit(k, i):
    return k[i // 8] >> (7 - i % 8) & 1


def root(leaves, depth=0):
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf(*leaves[0])
    return inner(root([x for x in leaves if bit(x[0], depth) == 0], depth + 1),
                 root([x for x in leaves if bit(x[0], depth) == 1], depth + 1))


def way(leaves, k):
    """Siblings from the root down, and the leaves of the place where the key ends."""
    siblings, depth = [], 0
    while len(leaves) > 1:
        side = bit(k, depth)
        siblings.append(root([x for x in leaves if bit(x[0], depth) != side], depth + 1))
        leaves = [x for x in leaves if bit(x[0], depth) == side]
        depth += 1
    return siblings, leaves


def encode(kind, siblings, other=None, value=None):
    depth = len(siblings)
    bits = bytearray((depth + 7) // 8)
    for i, s in enumerate(siblings):
        if s != EMPTY:
            bits[i // 8] |= 0x80 >> i % 8
    return (bytes([kind, depth]) + (other or b"") + (value or b"") + bytes(bits)
            + b"".join(s for s in reversed(siblings) if s != EMPTY))


def prove(leaves, k):
    siblings, end = way(leaves, k)
    if not end:
        return 2, encode(2, siblings)
    if end[0][0] == k:
        return 1, encode(1, siblings, value=end[0][1])
    return 3, encode(3, siblings, other=end[0][0], value=end[0][1])


def bad_proofs(leaves, k, kind, proof):
    siblings, end = way(leaves, k)
    depth = len(siblings)
    fixed = {1: 34, 2: 2, 3: 66}[kind]
    yield "kind 0", b"\x00" + proof[1:]
    yield "kind 4", b"\x04" + proof[1:]
    yield "unconsumed byte", proof + b"\x00"
    yield "one byte short", proof[:-1]
    yield "nothing", b""
    if depth % 8:
        p = bytearray(proof)
        p[fixed + depth // 8] |= 1
        yield "padding bit", bytes(p)
    if EMPTY in siblings:
        i = siblings.index(EMPTY)
        p = bytearray(encode(kind, siblings, *{1: (None, end[0][1]) if end else (), 2: (),
                                               3: end[0] if end else ()}[kind]))
        p[fixed + i // 8] |= 0x80 >> i % 8
        after = sum(1 for s in siblings[i + 1:] if s != EMPTY)
        at = fixed + (depth + 7) // 8 + 32 * after
        yield "zero sibling listed", bytes(p[:at]) + EMPTY + bytes(p[at:])
    if kind == 2:
        # one level further down, the sibling empty too: the same root only if empties were hashed; not canonical
        yield "deepest sibling empty", encode(2, siblings + [EMPTY])
    if kind == 1:
        yield "absent-empty for a present key", encode(2, siblings)
        yield "absent-other naming the key", encode(3, siblings, other=k, value=end[0][1])
        # a leaf pushed one level down without a sibling
        yield "leaf below its place", encode(1, siblings + [EMPTY], value=end[0][1])
        yield "zero value", encode(1, siblings, value=EMPTY)
    if kind == 3:
        yield "present with the other's value", encode(1, siblings, value=end[0][1])
    if leaves:
        yield "depth 0 and empty", b"\x02\x00"


def parts(leaves):
    """The subtrees of the first byte that are not empty."""
    by = [[x for x in leaves if x[0][0] == c] for c in range(256)]
    return [[c, min(len(by[c]), 2), root(by[c], 8).hex()] for c in range(256) if by[c]]


def records(leaves, prefix=""):
    """The 16-ary records: {key: value}."""
    out, masks, body = {}, [0, 0], b""
    depth = len(prefix)
    for n in range(16):
        mine = [x for x in leaves if x[0].hex()[depth] == "%x" % n]
        if not mine:
            continue
        masks[0] |= 1 << n
        if len(mine) == 1:
            masks[1] |= 1 << n
            body += mine[0][1] + mine[0][0]
        else:
            body += root(mine, 4 * (depth + 1))
            out.update(records(mine, prefix + "%x" % n))
    key = bytes([depth]) + bytes.fromhex(prefix + "0" * (depth % 2))
    out[key] = masks[0].to_bytes(2, "big") + masks[1].to_bytes(2, "big") + body
    return out


def main():
    def say(**fields):
        print(json.dumps(fields, separators=(",", ":")))

    for n in [*range(12), 50, 300]:
        leaves = sorted((key_hash(key_name(i)), value_hash(i)) for i in range(n))
        say(tree=n, root=root(leaves).hex())
        step = 1 if n < 12 else 10
        names = [key_name(i) for i in range(0, n, step)] + [b"none-%d" % i for i in range(24)]
        for name in names:
            k = key_hash(name)
            kind, proof = prove(leaves, k)
            say(tree=n, key=name.hex(), kind=kind, proof=proof.hex())
            if n in (0, 1, 2, 3, 7, 11):
                for why, bad in bad_proofs(leaves, k, kind, proof):
                    say(tree=n, key=name.hex(), bad=why, proof=bad.hex())
    for n in (0, 1, 2, 5, 300):
        leaves = sorted((key_hash(key_name(i)), value_hash(i)) for i in range(n))
        say(parts=n, chunks=parts(leaves), root=root(leaves).hex())
    for n in (1, 2, 11, 50):
        leaves = sorted((key_hash(key_name(i)), value_hash(i)) for i in range(n))
        for key, value in sorted(records(leaves).items()):
            say(records=n, record=key.hex(), value=value.hex())


if __name__ == "__main__":
    sys.exit(main())
