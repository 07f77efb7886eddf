"""checker - is a history of operations one that a ledger may have?

check(history, blocks) returns what is wrong, as sentences. blocks[h] is the list of transaction ids of block h. An operation is
one of

    {"op": "publish", "session", "txid", "class", "version", "outcome", "height"}
        outcome: "acknowledged" at height; "unknown": nobody can say; "refused" by the rules, as of height. version None: the
        class itself.
    {"op": "read", "session", "height", "class", "versions"}      a class, as a node showed it at height; class None: the height alone
    {"op": "device", "session", "height"}                         a proof that a device accepted

in the order in which each session saw them end. A session is one client at one node, or one device whichever node it asks. Then

- an acknowledged transaction is in the chain exactly once, at the height that was told; an unknown one at most once;
- heights of a session never fall, its own acknowledgements included;
- a class that is read at some height has every version that was acknowledged up to there, and none that nobody published;
- nothing is refused but releases, by a node that lags behind the registration of their class: clients follow the rules.
"""
from collections import Counter, defaultdict


def _chain(history, blocks):
    where = {txid: h for h, txids in enumerate(blocks) for txid in txids}
    classes = {o["class"]: where.get(o["txid"], 0) for o in history if o["op"] == "publish" and o["version"] is None}
    for txid, times in Counter(t for txids in blocks for t in txids).items():
        if times > 1:
            yield "doubled: %s is in the chain %d times" % (txid, times)
    for o in history:
        if o["op"] == "publish" and o["outcome"] == "acknowledged" and where.get(o["txid"]) != o["height"]:
            told = "lost: %s was acknowledged at height %d" % (o["txid"], o["height"])
            yield told + ("; it stands at %d" % where[o["txid"]] if o["txid"] in where else "")
        if o["op"] == "publish" and o["outcome"] == "refused" and not o["height"] < classes.get(o["class"], 0):
            yield "refused: %s" % o


def _sessions(history):
    seen = {}
    for o in history:
        if "height" in o:
            before = seen.get(o["session"], 0)
            if o["height"] < before:
                yield "backwards: session %s was at %d before %s" % (o["session"], before, o)
            seen[o["session"]] = max(before, o["height"])


def _reads(history):
    acknowledged, published = defaultdict(dict), defaultdict(set)
    for o in history:
        if o["op"] == "publish" and o["version"] is not None:
            published[o["class"]].add(o["version"])
            if o["outcome"] == "acknowledged":
                acknowledged[o["class"]][o["version"]] = o["height"]
    for o in history:
        if o["op"] == "read" and o["class"] is not None:
            shown = set(o["versions"])
            missing = {v for v, h in acknowledged[o["class"]].items() if h <= o["height"]} - shown
            if missing:
                yield "hidden: %s are acknowledged and not in %s" % (sorted(missing), o)
            if shown - published[o["class"]]:
                yield "invented: nobody published %s of %s" % (sorted(shown - published[o["class"]]), o)


def check(history, blocks):
    return [*_chain(history, blocks), *_sessions(history), *_reads(history)]
