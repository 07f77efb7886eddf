#!/usr/bin/env python3
"""make-debian.py RECORDS.jsonl - writes debian-pairs.tsv and debian-valid.tsv with dpkg as the judge.

RECORDS.jsonl has a "version" per line and versions in its "dependencies", as the package index has them. debian-pairs.tsv:
a, "<", "=" or ">", b. debian-valid.tsv: text, "ok" or "bad". The same input gives the same files.
"""
import json
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ODD = ["0", "0.0", "00", "0:0", "1", "01", "1.0", "1.00", "1.0-0", "1.0-", "1.0~", "1.0~~", "1.0~~a", "1.0~rc1", "1.0~rc1-1",
       "1.0+b1", "1.0+", "1.0a", "1.0A", "1.0.", "1.0-1", "1.0-1~", "1.0-1.1", "1.0-1+b1", "1:0", "1:1.0", "01:1.0", "2:0.1",
       "10:0", "1.0-a-1", "1.0:1", "1:1.0:1-1", "9", "10", "9999999999999999999999", "10000000000000000000000", "1z", "1+", "1.",
       "1-~", "1-0~", "1a~", "1a0", "1a00", "2147483647:1", "1.2.3~beta-1ubuntu1", "1~0", "1~", "1~a", "1+a", "1-1-1"]
BAD = ["", "a", "a1", "-1", ":1", "1:", "1:a", "a:1", "-1:1", "2147483648:1", "99999999999:1", "1_0", "1 0", "1.0-1_2", "1.0-1:2",
       "1:1.0-1:2", "1.0-1-", "1!", "1.0\u00e4", "1.0/2", "1:-1", "~1", "+1", "1:~1", "1.0-\u00e4", "0x1:1"]


def holds(a, op, b):
    return subprocess.run(["dpkg", "--compare-versions", a, op, b], check=False).returncode == 0


def order(a, b):
    return "<" if holds(a, "lt", b) else ">" if holds(a, "gt", b) else "="


def valid(text):
    quiet = subprocess.DEVNULL
    return subprocess.run(["dpkg", "--validate-version", text], check=False, stdout=quiet, stderr=quiet).returncode == 0


def main():
    by_name, pool = {}, set()
    for line in open(sys.argv[1], encoding="utf-8"):
        record = json.loads(line)
        leaves = [leaf for clause in record["dependencies"] for leaf in clause]
        for d in [record] + leaves + record["conflicts"]:
            if "version" in d and len(d["version"]) <= 64:
                by_name.setdefault(d["name"], set()).add(d["version"])
                pool.add(d["version"])
    rng = random.Random(1)
    pairs = [(a, b) for vs in by_name.values() for a in sorted(vs) for b in sorted(vs) if a < b]
    rng.shuffle(pairs)
    pairs = pairs[:1000]
    pool = sorted(pool)
    pairs += [tuple(rng.sample(pool, 2)) for _ in range(500)]
    at = [rng.randrange(len(pool) - 1) for _ in range(300)]
    pairs += [(pool[i], pool[i + 1]) for i in at]  # texts that are close
    good = [v for v in ODD if valid(v)]
    pairs += [(a, b) for a in good for b in good if rng.random() < 0.35]
    with open(HERE / "debian-pairs.tsv", "w", encoding="utf-8") as out:
        for a, b in sorted(set(pairs)):
            out.write(f"{a}\t{order(a, b)}\t{b}\n")
    with open(HERE / "debian-valid.tsv", "w", encoding="utf-8") as out:
        for text in sorted(set(ODD + BAD + rng.sample(pool, 200))):
            out.write(f"{text}\t{'ok' if valid(text) else 'bad'}\n")


main()
