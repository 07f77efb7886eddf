"""votes - votes and certificates made with the validators' keys, by a signer that shares no code with the C."""
import os
import sys

from net import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "vectors", "model"))
from make import G, N, P, add, i32, mul, schnorr, tagged, xonly  # noqa: E402

NOTARIZE, NULLIFY, FINALIZE = 1, 2, 3


def secret(net, i):
    """The validator's secret, from its key file."""
    with open(net.path("node%d" % i, "keys", "validator.key"), encoding="ascii") as f:
        return int(f.read().split()[2], 16)


def verifies(key, signature, digest):
    """BIP-340 of @signature over @digest by the x-only public @key."""
    x, r, s = (int.from_bytes(b, "big") for b in (key, signature[:32], signature[32:]))
    y = pow(x**3 + 7, (P + 1) // 4, P)
    if x >= P or r >= P or s >= N or (y * y - x**3 - 7) % P != 0:
        return False
    e = int.from_bytes(tagged("BIP0340/challenge", i32(r) + i32(x) + digest), "big") % N
    found = add(mul(s, G), mul(N - e, (x, y if y % 2 == 0 else P - y)))
    return found is not None and found[1] % 2 == 0 and found[0] == r


def signature(key, chain, kind, height, view, block):
    digest = tagged("fwledger/vote/v1", bytes([kind]) + chain + height.to_bytes(8, "big") + view.to_bytes(4, "big") + block)
    return schnorr(key, digest)


def vote(key, index, chain, kind, height, view, block):
    return (bytes([kind]) + height.to_bytes(8, "big") + view.to_bytes(4, "big") + block + index.to_bytes(2, "big")
            + signature(key, chain, kind, height, view, block))


def certificate(signers, chain, kind, height, view, block):
    """@signers: (index, secret), as many as the quorum."""
    bitmap = 0
    for index, _ in signers:
        bitmap |= 1 << index
    return (bytes([kind]) + height.to_bytes(8, "big") + view.to_bytes(4, "big") + block + bytes([bitmap])
            + b"".join(signature(key, chain, kind, height, view, block) for _, key in sorted(signers)))
