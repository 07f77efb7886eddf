#!/usr/bin/env python3
"""The policy of an update channel at one moment, out of the history in testnet/data/haos-channels.

    ./make.py stable > stable.yaml                             as it was at the end
    ./make.py beta 2023-03-10T12:00:00Z                        ... or at another time

A release of the board `ova` belongs to the class haos/ova/system, whose scheme is `dotted`. A device whose major number
has a stepping stone may take nothing but that; everybody else what the channel offers to the board. Rules compare with
version("..."), which needs a scope of classes that are named one by one, and a scope names at most 16: hence the parts.
"""
import json
import os
import sys

SCOPE = 16
HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "..", "testnet", "data", "haos-channels", "timeline.jsonl")


def history(channel, until):
    """What the channel offers ({board: version}) and its stepping stones ({major: version}) at a time."""
    offers, stones = {}, {}
    with open(DATA, encoding="utf-8") as f:
        for text in f:
            e = json.loads(text)
            if e["channel"] != channel or (until and e["t"] > until):
                continue
            if "upgrade" in e:
                stones[int(e["upgrade"])] = e["version"]
            elif e["version"] is None:
                offers.pop(e["board"], None)
            else:
                offers[e["board"]] = e["version"]
    return offers, stones


def rules(name, boards, when, message):
    """One rule, or several where there are more boards than a scope holds."""
    boards = sorted(boards)
    out = []
    for at in range(0, len(boards), SCOPE):
        scope = ["haos/%s/system" % b for b in boards[at:at + SCOPE]]
        out += ["  - name: %s%s" % (name, "-%d" % (at // SCOPE + 1) if len(boards) > SCOPE else ""), "    effect: permit",
                "    classes:"] + ["      - " + c for c in scope] + ["    when: >-"]
        out += ["      " + line for line in when] + ["    message: " + message]
    return out


def of_major(major):
    return '!device.version.isLessThan(version("%d")) && device.version.isLessThan(version("%d"))' % (major, major + 1)


def step(boards, major, stones):
    """From this major number: to its stepping stone, and from there to the next one."""
    stone, then = stones[major], stones.get(major + 1)
    if int(stone.split(".")[0]) != major:
        target = 'release.version == version("%s")' % stone
    elif then:
        target = 'release.version == (device.version == version("%s") ? version("%s") : version("%s"))' % (stone, then, stone)
    else:
        target = 'device.version != version("%s") && release.version == version("%s")' % (stone, stone)
    return rules("from-%d" % major, boards, [of_major(major) + " &&", target], "devices with %d.x first go to %s" % (major, stone))


def free(stones):
    """Who has no stepping stone before the channel's own offer."""
    out, last = [], sorted(stones)
    for major in last:
        if major - 1 not in stones:
            out.append('device.version.isLessThan(version("%d"))' % major if major == last[0] else
                       '!device.version.isLessThan(version("%d")) && device.version.isLessThan(version("%d"))'
                       % (max(m for m in last if m < major) + 1, major))
        if major + 1 not in stones:
            out.append('device.version == version("%s")' % stones[major])
    if last:
        out.append('!device.version.isLessThan(version("%d"))' % (last[-1] + 1))
    return out


def policy(channel, until=None):
    offers, stones = history(channel, until)
    out = ["# The update channel \"%s\" of a home hub%s. Made by make.py from testnet/data/haos-channels." % (
        channel, " at " + until if until else ""),
           "fleet: home/hub-%s" % channel, "select: highest", "max_age: 1h", "rules:"]
    for major in sorted(stones):
        out += step(offers, major, stones)
    who = free(stones)
    for version in sorted(set(offers.values())):
        target = 'release.version == version("%s")' % version
        when = ["(" + who[0]] + [" " + w for w in who[1:]] if who else []
        when = [w + (" ||" if w is not when[-1] else ") &&") for w in when] + [target]
        out += rules("offer-" + version.replace(".", "-"), [b for b in offers if offers[b] == version], when,
                     "not what the channel offers")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy(*sys.argv[1:]))
