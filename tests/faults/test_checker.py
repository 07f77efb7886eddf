#!/usr/bin/env python3
"""The checker of histories must see what it is there for: one history that is right, and each way to be wrong."""
import copy
import unittest

from checker import check

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


if __name__ == "__main__":
    unittest.main()
