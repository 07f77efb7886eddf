#!/usr/bin/env python3
"""What judges must see what it is there for: of histories one that is right, and each way to be wrong; of votes, memory and files too."""
import copy
import struct
import types
import unittest

import soak
import upgrades
from checker import check
from clients import Pulse
from cluster import Failed
from signers import FINALIZE, NOTARIZE, NULLIFY, PROPOSE, conflicts

BLOCKS = [[], ["class"], ["one"], [], ["two", "maybe"]]
RIGHT = [
    {"op": "publish", "session": "c0/n1", "txid": "class", "class": "a", "version": None, "outcome": "acknowledged", "height": 1},
    {"op": "publish", "session": "c0/n1", "txid": "one", "class": "a", "version": "1", "outcome": "acknowledged", "height": 2},
    {"op": "read", "session": "c0/n1", "height": 2, "class": "a", "versions": ["1"]},
    {"op": "read", "session": "c0/n2", "height": 1, "class": "a", "versions": []},  # another node may lag
    {"op": "device", "session": "d0", "height": 2},
    {"op": "publish", "session": "c0/n2", "txid": "two", "class": "a", "version": "2", "outcome": "acknowledged", "height": 4},
    {"op": "publish", "session": "c0/n1", "txid": "maybe", "class": "a", "version": "3", "outcome": "unknown"},
    {"op": "publish", "session": "c0/n1", "txid": "never", "class": "a", "version": "4", "outcome": "unknown"},
    {"op": "read", "session": "c0/n1", "height": 4, "class": "a", "versions": ["1", "2", "3"]},
    {"op": "read", "session": "c0/n1", "height": 4, "class": None},
    {"op": "device", "session": "d0", "height": 2},
]


class Checker(unittest.TestCase):
    def wrong(self, kind, change, blocks=None):
        history, chain = copy.deepcopy(RIGHT), copy.deepcopy(blocks or BLOCKS)
        change(history)
        found = check(history, chain)
        self.assertEqual([f.split(":")[0] for f in found], [kind], found)

    def test_right(self):
        self.assertEqual(check(RIGHT, BLOCKS), [])

    def test_lost(self):
        self.wrong("lost", lambda h: None, [[], ["class"], [], [], ["two", "maybe"]])

    def test_lost_by_a_crash_that_cut_the_chain(self):
        self.wrong("lost", lambda h: None, BLOCKS[:4])

    def test_acknowledged_at_another_height(self):
        self.wrong("lost", lambda h: h[0].update(height=0))

    def test_doubled(self):
        self.wrong("doubled", lambda h: None, [[], ["class"], ["one"], ["two"], ["two", "maybe"]])

    def test_doubled_in_one_block(self):
        self.wrong("doubled", lambda h: None, [[], ["class"], ["one"], [], ["two", "two", "maybe"]])

    def test_an_unknown_one_doubled(self):
        self.wrong("doubled", lambda h: None, [[], ["class"], ["one"], ["maybe"], ["two", "maybe"]])

    def test_backwards(self):
        self.wrong("backwards", lambda h: h.append({"op": "read", "session": "c0/n1", "height": 3, "class": None}))

    def test_backwards_behind_an_acknowledgement(self):
        self.wrong("backwards", lambda h: h.append({"op": "read", "session": "c0/n2", "height": 3, "class": None}))

    def test_backwards_once_is_enough(self):
        self.wrong("backwards", lambda h: h.insert(2, {"op": "read", "session": "c0/n1", "height": 0, "class": None}))

    def test_a_device_backwards(self):
        self.wrong("backwards", lambda h: h[-1].update(height=1))

    def test_hidden(self):
        self.wrong("hidden", lambda h: h[8].update(versions=["1", "3"]))

    def test_invented(self):
        self.wrong("invented", lambda h: h[8].update(versions=["1", "2", "9"]))

    def test_refused(self):
        self.wrong("refused", lambda h: h[7].update(outcome="refused", height=1, session="c9/n1"))

    def test_refused_by_a_node_that_lags(self):
        history = [*RIGHT, {**RIGHT[7], "outcome": "refused", "height": 0, "session": "c9/n1"}]
        self.assertEqual(check(history, BLOCKS), [])


class Judges(unittest.TestCase):
    @staticmethod
    def vote(kind, height=5, view=0, block=1):
        return struct.pack(">BQI", kind, height, view) + bytes([0 if kind == NULLIFY else block] * 32)

    def test_votes(self):
        fine = [self.vote(k) for k in (PROPOSE, NOTARIZE, FINALIZE)]
        other_view = [self.vote(k, view=1, block=2) for k in (PROPOSE, NOTARIZE, NULLIFY)]
        self.assertEqual(conflicts([*fine, *fine, *other_view, self.vote(FINALIZE, height=6, block=2)]), [])
        for kind in (PROPOSE, NOTARIZE, FINALIZE):
            self.assertEqual(conflicts([*fine, self.vote(kind, block=2)]), [(kind, 5, 0)])
        self.assertEqual(conflicts([*fine, self.vote(NULLIFY)]), [(NULLIFY, 5, 0)])
        self.assertEqual(conflicts([self.vote(NULLIFY), self.vote(NOTARIZE), self.vote(FINALIZE)]), [(FINALIZE, 5, 0)])

    def test_memory_that_grows(self):
        watch = soak.Watch(types.SimpleNamespace(count=2))
        watch.samples = [[(30, 1000, 0), (30, 1000 + 10 * t, 0)] for t in range(100)]
        self.assertEqual(watch.grown(), 500)
        self.assertEqual(watch.most(1), [1000, 1990])
        watch.samples = watch.samples[:3]
        self.assertRaises(Failed, watch.grown)

    def test_a_chain_that_stands_still(self):
        pulse = Pulse(types.SimpleNamespace(count=1))
        pulse.longest = 2.5
        self.assertIn("2.5 s", pulse.within(3))
        self.assertRaises(Failed, pulse.within, 2)

    def test_previous(self):
        with open(upgrades.FILE, encoding="utf-8") as f:
            self.assertRegex(upgrades.named(f.read()), r"^[0-9a-f]{40}$|^v\d")
        self.assertEqual(upgrades.named("# a\n\nv1.2 and why\n"), "v1.2")
        self.assertRaises(Failed, upgrades.named, "# a\n")
        self.assertRaises(Failed, upgrades.named, "one\ntwo\n")


if __name__ == "__main__":
    unittest.main()
