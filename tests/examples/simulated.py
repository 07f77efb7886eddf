"""simulated - decisions for many device states, compared with those that a test expects."""
import json
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return [json.loads(text) for text in f]


def policy(path, **changes):
    """The text of an example policy with other values of top-level keys: policy("x.yaml", select="highest")."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    for key, value in changes.items():
        text, count = re.subn(r"(?m)^%s:[^#\n]*" % key, "%s: %s " % (key, value), text)
        assert count == 1, key
    return text


def decide(command, scheme, policy_text, releases, devices, now):
    """One decision for each device; @command: what makes decisions of the three files."""
    with tempfile.TemporaryDirectory() as folder:
        def put(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            return path

        r = subprocess.run(command + [
            "--policy", put("policy.yaml", policy_text), "--now", now, "--scheme", scheme,
            "--releases", put("releases.jsonl", "".join(json.dumps(r) + "\n" for r in releases)),
            "--devices", put("devices.jsonl", "".join(json.dumps(d) + "\n" for d in devices))],
            capture_output=True, text=True)
    if r.returncode != 0:
        raise SystemExit("%s: exit code %d: %s" % (" ".join(command), r.returncode, r.stderr))
    decisions = [json.loads(text) for text in r.stdout.splitlines()]
    assert len(decisions) == len(devices), (len(decisions), len(devices))
    return decisions


class Tally:
    """Counts what was expected, and prints the first differences."""

    def __init__(self):
        self.counts = {}
        self.bad = 0

    def compare(self, what, devices, wanted, decisions):
        """@wanted: (decision, id of the release or None) for each device."""
        for device, (kind, release), got in zip(devices, wanted, decisions):
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if got["device"] != device["id"] or got["decision"] != kind or got.get("release") != release:
                self.bad += 1
                if self.bad <= 10:
                    print("FAIL: %s: %s\n  expected %s %s\n  decided  %s" % (what, json.dumps(device), kind, release, json.dumps(got)[:600]))

    def end(self, least):
        """Exit code; every kind of decision must have been expected at least so often."""
        print(", ".join("%d %s" % (n, kind) for kind, n in sorted(self.counts.items())) + ", %d wrong" % self.bad)
        for kind in ("install", "current", "nothing"):
            if self.counts.get(kind, 0) < least:
                print("FAIL: fewer than %d states expect %s" % (least, kind))
                self.bad += 1
        return 1 if self.bad else 0
