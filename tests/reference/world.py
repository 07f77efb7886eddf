"""world - a random world for decisions: one class, a policy of random rules, releases, devices; from a seed."""
import json
import re

from random_rules import Rules

VERSIONS = {
    "semver": ["1.0.0", "1.0.1", "1.1.0-rc.1", "1.1.0", "1.1.0+b2", "2.0.0", "10.0.0"],
    "number": ["0", "1", "2", "7", "10", "4294967295"],
    "dotted": ["1.0", "1.0.0", "1.0.rc1", "1.1", "1.10", "2.0.dev3", "2.0.b1"],
    "debian": ["1.0", "1.0-1", "1.0~rc1", "1:0.9", "1.0+b1", "2.0-1"],
    "opaque": ["red", "green", "blue", "1.0"],
}
VARIABLES = {
    "int": ["device.battery", "device.revision", "release.size", "release.security_counter", "params.floor"],
    "string": ["device.id", "device.hardware", "device.region", "release.severity", "release.channel", "params.site"],
    "strings": ["device.groups", "release.approvals"],
    "timestamp": ["now", "release.published"],
    "duration": ["device.uptime"],
    "bool": ["params.on"],
    "bytes": ["release.digest"],
}


class World:
    def __init__(self, rng, allowed, class_name="acme/gw/app", fleet="ops/line", devices=40, staged=0.1):
        """@allowed: does a rule compile?"""
        self.rng, self.allowed, self.class_name, self.fleet = rng, allowed, class_name, fleet
        self.staged = staged
        self.scheme = rng.choice(list(VERSIONS))
        self.releases = [self.release(i) for i in range(rng.randrange(9))]
        self.policy = self.random_policy()
        self.devices = [self.device(i) for i in range(devices)]

    def some(self, chance, value):
        return self.rng.random() < chance and value()

    def version(self):
        return self.rng.choice(VERSIONS[self.scheme])

    def relation(self):
        r = {"name": self.rng.choice(["app", "boot", "radio", "codec"])}
        if self.rng.random() < 0.6:
            r.update(op=self.rng.choice(["<<", "<=", "=", ">=", ">>"]), version=self.version())
        return r

    def condition(self):
        c = {}
        while not c:
            if self.rng.random() < 0.5:
                c["models"] = sorted(self.rng.sample(["m1", "m2", "m3"], self.rng.randrange(1, 3)))
            if self.rng.random() < 0.2:
                c["makers"] = ["acme"]
            if self.rng.random() < 0.3:
                low, high = sorted(self.rng.sample(range(6), 2))
                c["revision"] = self.rng.choice([[low, high], [low, None], [None, high]])
        return c

    def release(self, i):
        rng = self.rng
        r = {"class": self.class_name, "id": "r%d" % i, "version": self.version(), "filename": "f", "size": rng.choice([1, 1000, 2**40]),
                  "sha256": "%064x" % rng.randrange(2**250), "published": "2026-0%d-01T00:00:00Z" % rng.randrange(1, 6)}
        for name, chance, value in (("counter", 0.3, lambda: rng.randrange(4)), ("rank", 0.5, lambda: rng.randrange(4)),
                                    ("channel", 0.5, lambda: rng.choice(["stable", "beta"])),
                                    ("severity", 0.4, lambda: rng.choice(["normal", "security", "critical"])),
                                    ("valid", 0.1, lambda: False), ("labels", 0.3, lambda: {rng.choice("ab"): "x"}),
                                    ("regions", 0.1, lambda: sorted(rng.sample(["DE", "FR", "US"], 2))),
                                    ("hardware", 0.3, lambda: [self.condition() for _ in range(rng.randrange(1, 3))]),
                                    ("window", 0.2, lambda: {rng.choice(["min", "max"]): self.version()}),
                                    ("dependencies", 0.15, lambda: [[self.relation_to_other() for _ in range(rng.randrange(1, 3))]]),
                                    ("conflicts", 0.1, lambda: [self.relation_to_other()]),
                                    ("provides", 0.1, lambda: [{"name": "codec"}])):
            if rng.random() < chance:
                r[name] = value()
        return r

    def relation_to_other(self):
        """A dependency on the own component would be a window."""
        while True:
            r = self.relation()
            if r["name"] != "app":
                return r

    def rule(self, i):
        variables = {k: list(v) for k, v in VARIABLES.items()}
        if self.scheme == "semver":
            variables["version"] = ["device.version", "release.version"]
        plain = ["true", 'release.channel == "stable"', "device.battery >= params.floor", '"canary" in device.groups',
                 'release.severity == "critical"', "release.version.isGreaterThan(device.version)", 'bucket(device.id, "x", 100) < 50',
                 'now - release.published >= duration("720h")', '!("b" in release.labels)', 'release.labels[?"a"].orValue("") == "x"']
        while True:
            when = self.rng.choice(plain) if self.rng.random() < 0.6 else Rules(self.rng, variables).of("bool", self.rng.randrange(1, 4))
            if when in plain or self.allowed(when):
                break
        r = {"name": "r%d" % i, "effect": self.rng.choice(["permit", "permit", "require", "forbid", "force"]), "when": when}
        if self.rng.random() < 0.15:
            r["classes"] = self.rng.choice([["acme/*/*"], ["other/*/*"], ["*/*/app", "x/y/z"]])
        if self.rng.random() < 0.1:
            r["mode"] = "dry-run"
        if self.rng.random() < 0.2 and r["effect"] == "permit":
            r["rollback"] = True
        return r

    def random_policy(self):
        rules = [self.rule(i) for i in range(self.rng.randrange(6))]
        if self.rng.random() < 0.7:
            rules.insert(0, {"name": "all", "effect": "permit", "when": "true"})
        p = {"select": self.rng.choice(["highest", "listed"]), "max_age": "15m", "params": {"floor": 30, "site": "plant", "on": True},
             **({"rules": rules} if rules else {})}
        if self.rng.random() < self.staged:
            p["staged"] = ["*/*/app"]
            p["rollouts"] = {"half": {"stages": [{"percent": 50, "hold": "0s"}, {"percent": 100, "hold": "0s"}], "advance_when": "true",
                                      "halt_when": "false"}}
        return p

    def device(self, i):
        d, rng = {"id": "d%d" % i, "class": self.class_name, "fleet": self.fleet}, self.rng
        for name, chance, value in (("version", 0.9, self.version), ("hardware", 0.8, lambda: rng.choice(["m1", "m2", "m4"])),
                                    ("vendor", 0.5, lambda: rng.choice(["acme", "other"])), ("revision", 0.7, lambda: rng.randrange(6)),
                                    ("battery", 0.8, lambda: rng.randrange(101)), ("region", 0.6, lambda: rng.choice(["DE", "US"])),
                                    ("groups", 0.7, lambda: rng.sample(["canary", "a", "night"], rng.randrange(3))),
                                    ("uptime", 0.3, lambda: rng.choice([0, 3600, 10**9])), ("labels", 0.3, lambda: {"a": "x"}),
                                    ("floor", 0.2, lambda: {"app": rng.randrange(3)}),
                                    ("installed", 0.5, self.installed)):
            if rng.random() < chance:
                d[name] = value()
        if rng.random() < 0.05:
            del d["id"]
        return d

    def installed(self):
        out = {}
        for name in ("app", "boot", "radio"):
            if self.rng.random() < 0.6:
                one = {"version": self.version()}
                if self.rng.random() < 0.3:
                    one["provides"] = [{"name": "codec", "version": self.version()} if self.rng.random() < 0.5 else {"name": "codec"}]
                if self.rng.random() < 0.3:
                    one["conflicts"] = [self.relation()]
                if self.rng.random() < 0.3:
                    one["dependencies"] = [[self.relation()]]
                out[name] = one if self.rng.random() < 0.7 else one["version"]
        return out


def yaml(value):
    """A policy in JSON is one in YAML; booleans, numbers and durations are plain there, too."""
    return re.sub(r'"([0-9]+[sm])"', r"\1", json.dumps(value, ensure_ascii=False))
