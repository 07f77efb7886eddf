#!/usr/bin/env python3
"""Writes vectors.txt (lines "name hex") and the corpus of fuzz_model; with --check compares instead.
Shares no code with the C: own CBOR encoder, own secp256k1."""
import hashlib
import os
import sys

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def sha(b):
    return hashlib.sha256(b).digest()


def tagged(tag, m):
    t = sha(tag.encode())
    return sha(t + t + m)


def add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        m = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        m = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (m * m - a[0] - b[0]) % P
    return x, (m * (a[0] - x) - a[1]) % P


def mul(k, q=G):
    r = None
    while k:
        if k & 1:
            r = add(r, q)
        q = add(q, q)
        k >>= 1
    return r


def i32(v):
    return v.to_bytes(32, "big")


def xonly(d):
    return i32(mul(d)[0])


def point(d):
    x, y = mul(d)
    return bytes([2 + (y & 1)]) + i32(x)


def schnorr(d, m):
    q = mul(d)
    if q[1] & 1:
        d = N - d
    k = int.from_bytes(sha(b"vector nonce" + i32(d) + m), "big") % N
    r = mul(k)
    if r[1] & 1:
        k = N - k
    e = int.from_bytes(tagged("BIP0340/challenge", i32(r[0]) + i32(q[0]) + m), "big") % N
    return i32(r[0]) + i32((k + e * d) % N)


def ecdsa(d, m):
    k = int.from_bytes(sha(b"vector nonce" + i32(d) + m), "big") % N
    r = mul(k)[0] % N
    s = pow(k, -1, N) * (int.from_bytes(m, "big") + r * d) % N
    return i32(r) + i32(min(s, N - s))


class Null:
    pass


class Tag:
    def __init__(self, n, v):
        self.n, self.v = n, v


def head(major, v):
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if v < 24:
            return bytes([major << 5 | v])
        if v < 1 << (8 * size):
            return bytes([major << 5 | info]) + v.to_bytes(size, "big")
    raise ValueError(v)


def cbor(v):
    if v is Null:
        return b"\xf6"
    if isinstance(v, bool):
        return b"\xf5" if v else b"\xf4"
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return head(4, len(v)) + b"".join(map(cbor, v))
    if isinstance(v, Tag):
        return head(6, v.n) + cbor(v.v)
    return head(5, len(v)) + b"".join(k + x for k, x in sorted((cbor(k), cbor(x)) for k, x in v.items()))


def u(size, v):
    return v.to_bytes(size, "big")


# ---- sets and consensus objects ----
secrets = sorted([1000 + i for i in range(4)], key=xonly)
members = [xonly(d) for d in secrets]
new_secrets = sorted(secrets[:3] + [2000], key=xonly)
new_members = [xonly(d) for d in new_secrets]
gov = sorted([3000, 3001, 3002], key=point)
gov2 = sorted([3000, 3001, 3003], key=point)


def validator_set(keys):
    return u(2, len(keys)) + b"".join(keys)


def governor_set(k, ds):
    return bytes([k, len(ds)]) + b"".join(point(d) for d in ds)


CHAIN = sha(b"chain")
vh, nvh = sha(b"\x21" + validator_set(members)), sha(b"\x21" + validator_set(new_members))


def header(**o):
    f = dict(chain=CHAIN, height=42, time=1700000000000, v=vh, nv=nvh, epoch=7, size=348, count=0)
    f.update(o)
    return (u(2, 1) + f["chain"] + u(8, f["height"]) + u(4, 3) + u(2, 1) + u(8, f["time"]) + sha(b"prev")
            + sha(b"") + u(4, f["count"]) + u(4, f["size"]) + sha(b"state") + f["v"] + f["nv"] + sha(b"hist") + u(8, 9)
            + sha(b"log") + u(8, f["epoch"]) + u(8, 40) + sha(b"params"))


def digest(kind, height, view, h, chain=CHAIN):
    return tagged("fwledger/vote/v1", bytes([kind]) + chain + u(8, height) + u(4, view) + h)


def vote(kind, view, h, idx, height=42):
    return bytes([kind]) + u(8, height) + u(4, view) + h + u(2, idx) + schnorr(secrets[idx], digest(kind, height, view, h))


def signed(kind, height, view, h, chain=CHAIN, who=(0, 1, 3)):
    return bytes([sum(1 << i for i in who)]) + b"".join(schnorr(secrets[i], digest(kind, height, view, h, chain)) for i in who)


def cert(kind, height, view, h):
    return bytes([kind]) + u(8, height) + u(4, view) + h + signed(kind, height, view, h)


def gov_sigs(ds, who, m):
    return bytes([sum(1 << i for i in who)]) + b"".join(ecdsa(ds[i], m) for i in who)


def step(hdr=None, new=new_members, g=gov, gk=2, who=(0, 2), old=None, epoch=8, chain=CHAIN, kind=3):
    hdr = header() if hdr is None else hdr
    height = int.from_bytes(hdr[34:42], "big")
    m = tagged("fwledger/epoch/v1", chain + u(8, epoch) + hdr[192:224] + sha(b"\x24" + governor_set(gk, g)))
    out = hdr + u(4, 5) + signed(kind, height, 5, sha(b"\x20" + hdr), chain)
    out += validator_set(new) + governor_set(gk, g) + gov_sigs(g, who, m)
    return out + (gov_sigs(gov, old, m) if old else b"")


V = {}
H = sha(b"\x20" + header())
V["chain_id"] = CHAIN
V["header"] = header()
V["header_hash"] = H
V["validators"] = validator_set(members)
V["validators_hash"] = vh
V["governors"] = governor_set(2, gov)
V["governors_hash"] = sha(b"\x24" + governor_set(2, gov))
V["vote"] = vote(1, 3, H, 2)
V["vote_digest"] = digest(1, 42, 3, H)
V["cert"] = cert(3, 42, 5, H)
V["cert_null"] = cert(2, 42, 5, bytes(32))
V["cert_short"] = u(4, 5) + signed(3, 42, 5, H)
pair = sorted([vote(1, 3, H, 2), vote(1, 3, sha(b"other"), 2)])
V["evidence"] = b"\x02\x01" + pair[0] + pair[1]
pair = sorted([vote(2, 3, bytes(32), 2), vote(3, 3, sha(b"other"), 2)])
V["evidence_e3"] = b"\x02\x03" + pair[0] + pair[1]
V["body"] = header(size=348 + 4 + 3 + 4 + 1, count=2) + u(4, 2) + u(4, 3) + b"abc" + u(4, 1) + b"d"
# epoch.NAME.ERROR: what fwl_epoch_verify says
V["epoch.same.OK"] = step()
V["epoch.rotated.OK"] = step(g=gov2, who=(0, 1), old=(1, 2))
V["epoch.chain.CHAIN"] = step(header(chain=sha(b"x")))
V["epoch.number.EPOCH"] = step(header(epoch=8))
V["epoch.set.EPOCH"] = step(header(v=nvh))
V["epoch.newset.EPOCH"] = step(new=members)
V["epoch.nochange.EPOCH"] = step(header(nv=vh), new=members)
V["epoch.height.ROLLBACK"] = step(header(height=9))
V["epoch.time.ROLLBACK"] = step(header(time=5))
V["epoch.kind.CERTIFICATE"] = step(kind=1)
V["epoch.statement.SIGNATURE"] = step(epoch=9)
V["epoch.noold.KEYS"] = step(g=gov2, who=(0, 1))
V["epoch.needlessold.KEYS"] = step(old=(0, 1))
V["epoch.few.KEYS"] = step()[:-64 * 2 - 1] + b"\x01" + step()[-64 * 2:]
V["epoch.padding.KEYS"] = step()[:-64 * 2 - 1] + b"\x0a" + step()[-64 * 2:]


# ---- keys, transactions, records ----
def key(d):
    return [-47, point(d)]


def kid(d):
    x, y = mul(d)
    return sha(cbor({1: 2, 3: -47, -1: 8, -2: i32(x), -3: bool(y & 1)}))[:8]


keyset = sorted([5000, 5001, 5002], key=kid)
V["keys"] = cbor([key(d) for d in keyset])
V["kid"] = kid(keyset[0])
IMAGE = [-16, sha(b"image")]
base = {1: "acme", 2: "acme/gw100/modem", 3: "1.2.3", 4: IMAGE, 5: 1234, 7: "fw.bin", 9: 7, 33: True}
author_head = cbor({1: -47, 4: kid(6000)})
statement = cbor(["acme/gw100/modem", "1.2.3", IMAGE, 1234, 7])
author_sig = ecdsa(6000, sha(cbor(["Signature1", author_head, b"", statement])))
full = dict(base)
full.update({6: {1: IMAGE, 2: 1000, 3: b"enc"}, 8: 1600000000, 10: [1, cbor(Tag(18, [author_head, {}, Null, author_sig]))],
             11: "stable", 12: 2, 13: 4, 14: 4, 15: [["modem"], ["radio", "1:2.0-1"]],
             16: [{1: "old", 2: 1, 3: "1.0", -1: "arm"}], 17: [2, IMAGE], 18: [-43, bytes(48)], 19: [IMAGE, IMAGE],
             20: [[-18, b"md5"]], 30: ["https://x.example/fw.bin", "fw/fw.bin"], 31: "notes",
             32: {"a": "b", "backport": "c"}, 34: [{1: ["m1", "a0"], 2: ["acme"], 3: [1, Null]}, {3: [-2, 5]}],
             35: ["1.0.0", Null], 36: [[{1: "lib", 2: 4, 3: "2.0"}, {1: "alt"}]], 37: ["EU", "JP"], -1: "why", -2: 3})
V["release"] = cbor(base)
V["release_full"] = cbor(full)
V["release_id"] = sha(V["release"])
V["release_unknown"] = cbor({**base, 21: 1, 40: "new"})
V["author_key"] = point(6000)
params = {1: 300000, 2: 16, 3: 500, 4: 2000, 5: 1048576, 6: 33554432, 7: 2, 8: [1, 0]}
V["params"] = cbor(params)
V["params_hash"] = sha(b"\x23" + cbor(params))
member = [{1: k, 2: "org%d" % i, 3: [xonly(9000 + i)]} for i, k in enumerate(members)]
member[0][4] = [bytes(32)]
ID = V["release_id"]
report = {1: "ops/line-7", 2: ID}
actions = [
    [1, {1: "acme", 2: [key(d) for d in keyset], 3: 2, 4: [2, 3], 5: [1, 2, 3, 4]}], [2, {1: "acme"}],
    [3, {1: [key(d) for d in keyset], 2: 3}],
    [10, {1: member, 2: [b"\x05", bytes(128), b"\x03", bytes(128)], 3: [41, H, bytes(64)]}], [10, {1: member}],
    [11, {1: params}], [20, {1: "acme", 2: "acme", 3: True}], [21, {1: "acme", 2: "acme-2"}],
    [22, {1: "acme", 2: "stolen keys"}], [23, {1: "acme"}], [24, {1: "acme", 2: 3}],
    [30, {1: "acme/gw100/modem", 2: 1, 3: "n"}], [40, {1: V["release"], 2: [ID]}],
    [41, {1: ID, 2: {30: ["x"], 33: False, 34: Null}}], [42, {1: ID, 2: "bad"}], [43, {1: ID, 2: IMAGE, 3: IMAGE}],
    [50, {1: "CVE-1", 2: ["a/b/c", "a/b/d"], 3: "1.0.0", 5: 2}], [51, {1: IMAGE, 2: 2, 3: "clamav", 4: [ID]}],
    [60, {1: "ops/line-7"}], [61, {1: "ops/line-7", 2: 0, 3: b"\xa0"}], [70, {**report, 3: "default", 4: "s"}],
] + [[c, report] for c in (71, 72, 73, 74, 75, 81)] + [[80, {**report, 3: 1, 4: [9, 8, 1], 5: ID}]]
payload = cbor({1: CHAIN, 2: "acme", 3: 1700000300, 4: b"saltsalt", 5: actions})


def tx(who, body=payload):
    sigs = []
    for d in sorted(who, key=kid):
        p = cbor({1: -47, 4: kid(d)})
        sigs.append([p, {}, ecdsa(d, sha(cbor(["Signature", b"", p, b"", body])))])
    return cbor(Tag(98, [b"", {}, body, sigs]))


V["txid"] = tagged("fwledger/tx/v1", payload)
V["tx.two"] = tx(keyset[:2])
V["tx.one"] = tx(keyset[:1])
V["tx.three"] = tx(keyset)
V["tx.stranger"] = tx([keyset[0], 7777])
new = sorted([5002, 5003, 5004], key=kid)
V["keys_new"] = cbor([key(d) for d in new])
V["tx.rotate"] = tx([5000, 5002, 5003])  # two of the old, two of the new
V["tx.rotate_more"] = tx([5000, 5001, 5002, 5003])
V["source"] = cbor({1: 1, 2: 900000, 3: ["*/*/*"], 4: {"n": [1, -4], "soak": [4, 72], "on": [3, True], "t": [2, "x"]},
                    5: [1, ["line-7"]], 6: ["boss"],
                    7: [{1: "r1", 2: 1, 3: ["acme/*/*"], 4: "true", 5: "m", 6: True, 7: False}, {1: "r2", 2: 3, 4: "x"}],
                    8: [{1: "default", 2: [[5, 1000], [100, 0]], 3: "a", 4: "b", 5: False}]})
V["policy"] = cbor({1: 3, 2: 2, 3: [], 4: [1, ["line-7"]], 5: [], 6: {"n": [5, 4]},
                    7: [{1: "r1", 2: 1, 3: [], 4: 1, 5: False, 6: b"code", 7: "", 8: True}],
                    8: [{1: "default", 2: [[100, 0]], 3: b"a", 4: b"b", 5: True}], 9: ID})
V["genesis"] = cbor({1: 1700000000000, 2: params, 3: False, 4: member,
                     5: [key(d) for d in sorted(gov, key=kid)], 6: 2, 7: "test"})
V["genesis_id"] = sha(b"\x22" + V["genesis"])
# what is signed outside votes: the digests
gh = V["governors_hash"]
V["statement.epoch"] = tagged("fwledger/epoch/v1", CHAIN + u(8, 8) + vh + gh)
V["statement.anchor"] = tagged("fwledger/anchor/v1", CHAIN + V["genesis_id"] + u(8, 7) + u(8, 42)
                               + u(8, 1700000000000) + H + vh + gh)
V["statement.possession"] = tagged("fwledger/possession/v1", CHAIN + u(8, 42) + H)
QUESTION = bytes(range(16)) + u(8, 42) + H


def word(idx, time):
    return u(2, idx) + u(8, time) + schnorr(secrets[idx], tagged("fwledger/attest/v1", CHAIN + QUESTION + u(8, time)))


V["statement.attest"] = tagged("fwledger/attest/v1", CHAIN + QUESTION + u(8, 1700000000000))
V["attests"] = b"FWT1" + QUESTION + u(2, 3) + word(0, 1700000001000) + word(1, 5) + word(3, 1700000000000)
V["attestreq"] = QUESTION
V["attest"] = QUESTION + word(1, 5)[2:10] + word(1, 5)[:2] + word(1, 5)[10:]
V["class"] = cbor({1: 1, 2: 9, 3: [[ID, 3, 1, ID], [H, 8, 3, ID]], 4: [["1.0.0", 2]],
                   5: [["CVE-1", Null, "2.0.0", 3, "acme"]], 6: "n"})
rollout = {1: ID, 2: 1, 3: 500, 4: "salt", 5: 1, 6: 2, 7: 3, 8: "default", 9: [["line-7", 1, 9, 8, 1, H]],
           10: ["a", "b"], 11: "halted"}
V["fleet"] = cbor({1: "ops", 2: 3, 3: ID, 4: 900000, 5: [rollout]})
V["fleet_new"] = cbor({1: "ops", 2: 0, 3: Null, 4: 0, 5: []})
V["participant"] = cbor({1: [key(d) for d in keyset], 2: 2, 3: [1, 8], 4: [1, 2, 3, 4], 5: [0, 1, 2, 3, 4], 6: False})
V["validators_entry"] = cbor({1: member, 2: V["governors"]})
V["release_entry"] = cbor({1: V["release"], 2: 5, 3: 6, 4: 2, 5: "bad", 6: [["b1", IMAGE], ["b2", IMAGE]]})
V["vendor"] = cbor({1: "acme", 2: True, 3: 1, 4: False, 5: "why"})
V["image"] = cbor({1: [["s1", 1, "clamav"], ["s2", 2, "yara"]]})

# Kinds of roundtrip.h, and the vectors of that kind.
KINDS = [["header"], ["cert", "cert_null"], ["epoch.same.OK", "epoch.rotated.OK"], ["evidence", "evidence_e3"],
         ["tx.two", "tx.one"], ["release", "release_full", "release_unknown"], ["source"], ["policy"], ["genesis"],
         ["class"], ["fleet", "fleet_new"], ["participant"], ["validators_entry"], ["release_entry"], ["vendor"],
         ["image"], ["params"], ["validators"], ["governors"], ["vote"], ["attests"]]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    files = {os.path.join(here, "vectors.txt"): "".join(f"{k} {v.hex()}\n" for k, v in V.items()).encode()}
    for kind, names in enumerate(KINDS):
        for name in names:
            files[os.path.join(here, "../../fuzz/corpus/model", name)] = bytes([kind]) + V[name]
    for path, data in files.items():
        if "--check" in sys.argv:
            with open(path, "rb") as f:
                if f.read() != data:
                    sys.exit(f"{path} differs from what this script makes")
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
