"""decide - what a device may install, sentence by sentence from the ledger's document: the reference for differential tests.

Works on the JSON of a releases file, of facts, of a policy (as administrators write it, in JSON) and of a fleet as nodes show it. It
shares nothing with contracts/policy; rules run in cel.py, from their text.
"""
import hashlib

import cel

SEVERITIES = ("normal", "security", "critical")


class Decision:
    def __init__(self, kind, chosen=None, forced=False, rules=(), refused=()):
        self.kind, self.chosen, self.forced, self.rules, self.refused = kind, chosen, forced, list(rules), list(refused)


def matches(pattern, name):
    return len(pattern.split("/")) == len(name.split("/")) and all(p in ("*", n) for p, n in zip(pattern.split("/"), name.split("/")))


class Judge:
    """One device, one policy, the releases of its class in the order of publication."""

    def __init__(self, scheme, policy, fleet, releases, facts, now_ns):
        self.scheme, self.policy, self.fleet, self.releases, self.facts = scheme, policy, fleet, releases, facts
        self.now_ns = now_ns
        self.component = facts["class"].split("/")[2]
        self.installed = {name: {"version": x} if isinstance(x, str) else x for name, x in facts.get("installed", {}).items()}
        self.rules = [r for r in policy.get("rules", []) if not r.get("classes") or any(matches(p, facts["class"]) for p in r["classes"])]

    # ---- versions of the class ----

    def place(self, version):
        """Opaque versions are ordered by publication: the last of several equal ones counts."""
        places = [i for i, r in enumerate(self.releases) if r["version"] == version]
        return places[-1] if places else None

    def order(self, a, b):
        """None where there is none."""
        if self.scheme != "opaque":
            return cel.compare_versions(cel.Version(self.scheme, a), cel.Version(self.scheme, b))
        if a == b:
            return 0
        if self.place(a) is None or self.place(b) is None:
            return None
        return -1 if self.place(a) < self.place(b) else 1

    def newer(self, release):
        running = self.facts.get("version")
        order = None if running is None else self.order(release["version"], running)
        return order is None or order > 0

    # ---- step 1: does it fit the device? ----

    def fits_hardware(self, release):
        if not release.get("hardware"):
            return True
        for c in release["hardware"]:
            low, high = c.get("revision", [None, None])
            told = self.facts.get("revision")
            if "models" in c and self.facts.get("hardware") not in c["models"]:
                continue
            if "makers" in c and self.facts.get("vendor") not in c["makers"]:
                continue
            if "revision" in c and (told is None or low is not None and told < low or high is not None and told > high):
                continue
            return True
        return False

    def in_window(self, release):
        running, window = self.facts.get("version"), release.get("window", {})
        for end, sign in (("min", -1), ("max", 1)):
            if end not in window:
                continue
            if running is None:
                if end == "min":
                    return False  # a device without a version is below every one
                continue
            order = self.order(running, window[end])
            if order is None or order * sign > 0:
                return False
        return True

    def relation(self, relation, name, version, provides, scheme):
        """"yes", "no", or "unknown": the name matches and the versions do not compare."""
        best = "no"
        for offered, its, provided in [(name, version, False)] + [(p["name"], p.get("version"), True) for p in provides]:
            if offered != relation["name"]:
                continue
            if "op" not in relation:
                found = "yes"
            elif not its:
                found = "no" if provided else "unknown"
            else:
                found = self.holds(relation["op"], its, relation["version"], scheme)
            best = found if found != "no" else best
            if best == "yes":
                break
        return best

    def holds(self, op, a, b, scheme):
        if scheme == "opaque":
            return "unknown" if op != "=" else "yes" if a == b else "no"
        if not valid_version(scheme, a) or not valid_version(scheme, b):
            return "unknown"
        order = cel.compare_versions(cel.Version(scheme, a), cel.Version(scheme, b))
        return "yes" if {"<<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0, ">>": order > 0}[op] else "no"

    def clause_holds(self, clause, release, after):
        """One of the relations is met by something installed; @after: with the release in place of its component."""
        for relation in clause:
            for name, one in self.installed.items():
                if after and name == self.component:
                    one = release
                if self.relation(relation, name, one.get("version"), one.get("provides", []), self.scheme_of(release)) == "yes":
                    return True
        return False

    def scheme_of(self, release):
        return release.get("scheme", self.scheme)

    def conflicts(self, release):
        for name, one in self.installed.items():
            if name == self.component:
                continue
            for r in release.get("conflicts", []):
                if self.relation(r, name, one.get("version"), one.get("provides", []), self.scheme_of(release)) != "no":
                    return True
            for r in one.get("conflicts", []):
                if self.relation(r, self.component, release["version"], release.get("provides", []), self.scheme_of(release)) != "no":
                    return True
        return False

    def breaks(self, release):
        mine = self.installed.get(self.component)
        if mine is None:
            return False
        names = {self.component} | {p["name"] for p in mine.get("provides", [])}
        for name, one in self.installed.items():
            if name == self.component:
                continue
            for clause in one.get("dependencies", []):
                if any(r["name"] in names for r in clause) and self.clause_holds(clause, release, False) \
                        and not self.clause_holds(clause, release, True):
                    return True
        return False

    def unfit(self, release):
        """The name of the first check that refuses, or None."""
        if not release.get("valid", True):
            return "invalid"
        if release.get("regions") and self.facts.get("region") not in release["regions"]:
            return "region"
        if not self.in_window(release):
            return "window"
        if not all(self.clause_holds(c, release, False) for c in release.get("dependencies", [])):
            return "dependency"
        if self.conflicts(release):
            return "conflict"
        if self.breaks(release):
            return "breaks"
        floor = self.facts.get("floor", {}).get(self.component)
        return "floor" if floor is not None and release.get("counter", 0) < floor else None

    # ---- step 2: rules and rollout ----

    def rollout(self, release):
        return next((r for r in self.fleet.get("rollouts", []) if r["release"] == release["id"]), None)

    def variables(self, release):
        f = self.facts
        v = {"now": cel.Time(self.now_ns)}
        for name, fact in (("id", "id"), ("vendor", "vendor"), ("hardware", "hardware"), ("region", "region"), ("utc_offset", "utc_offset")):
            v["device." + name] = f[fact] if f.get(fact) else cel.Error("not told")
        for name in ("revision", "battery"):
            v["device." + name] = cel.Int(f[name]) if name in f else cel.Error("not told")
        v["device.uptime"] = cel.Span(f["uptime"] * cel.SECOND) if "uptime" in f else cel.Error("not told")
        v["device.version"] = self.version(f["version"]) if "version" in f else cel.Error("not told")
        v["device.groups"] = tuple(f["groups"]) if "groups" in f else cel.Error("not told")
        v["device.labels"] = cel.Map(list(f["labels"].items())) if "labels" in f else cel.Error("not told")
        v["release.id"] = release["id"]
        v["release.severity"] = release.get("severity", "normal")
        v["release.channel"] = release.get("channel", "")
        v["release.version"] = self.version(release["version"])
        v["release.size"] = cel.Int(release["size"])
        v["release.digest"] = bytes.fromhex(release["sha256"])
        v["release.published"] = v["release.changed"] = cel.Time(release["published_ms"] * 10**6)
        v["release.security_counter"] = cel.Int(release.get("counter", 0))
        v["release.labels"] = cel.Map(list(release.get("labels", {}).items()))
        v["release.advisories"] = v["release.attested_by"] = ()
        rollout = self.rollout(release)
        v["release.approvals"] = tuple(rollout["approvals"]) if rollout else ()
        for name in ("id", "salt", "started", "percent", "attempted", "succeeded", "failed"):
            v["rollout." + name] = cel.Error("no rollout")
        if rollout:
            v["rollout.id"], v["rollout.salt"] = release["id"], rollout["salt"]
            v["rollout.started"] = cel.Time(rollout["started_ms"] * 10**6)
            v["rollout.percent"] = cel.Int(rollout["share"] // 100)
            trackers = self.policy.get("trackers", {}).get("of", [])
            reports = [r for r in rollout["reports"] if r["tracker"] in trackers and r["stage"] == rollout["stage"]]
            for name in ("attempted", "succeeded", "failed"):
                v["rollout." + name] = cel.Int(sum(r[name] for r in reports))
        for name, value in self.policy.get("params", {}).items():
            v["params." + name] = cel.Int(value) if isinstance(value, int) and not isinstance(value, bool) else value
        return v

    def version(self, text):
        return cel.Version(self.scheme, text, self.place(text))

    def outcome(self, rule, variables):
        """True, False, or None for an error."""
        try:
            v = cel.Machine(variables, rule.get("scheme", self.scheme)).run(rule["when"])
            return v if isinstance(v, bool) else None
        except cel.Error:
            return None

    def refusal(self, release, newer):
        """(name of what refuses or None, permits and forces that are true)."""
        said = [(r, self.outcome(r, self.variables(release))) for r in self.rules]
        enforced = [(r, o) for r, o in said if r.get("mode", "enforce") == "enforce"]
        permits = [r for r, o in enforced if r["effect"] == "permit" and o is True]
        forces = [r for r, o in enforced if r["effect"] == "force" and o is True]
        refusing = [r for r, o in enforced if r["effect"] == "require" and o is not True or r["effect"] == "forbid" and o is not False]
        if not newer and not (permits and all(r.get("rollback") for r in permits)):
            return "not-newer", [], []
        if not permits:
            return "no-permit", [], []
        if refusing:
            return refusing[0]["name"], [], []
        return self.held_back(release), permits, forces

    def held_back(self, release):
        if not any(matches(p, self.facts["class"]) for p in self.policy.get("staged", [])):
            return None
        rollout = self.rollout(release)
        if rollout is None:
            return "no-rollout"
        if rollout["state"] == "done":
            return None
        if rollout["state"] != "active":
            return "rollout-state"
        if not self.facts.get("id"):
            return "rollout-share"
        digest = hashlib.sha256(rollout["salt"].encode() + b"\0" + self.facts["id"].encode()).digest()
        return None if int.from_bytes(digest[:8], "big") % 10000 < rollout["share"] else "rollout-share"

    # ---- steps 3 and 4 ----

    def better(self, a, b):
        """Is @a, published after @b, to be chosen before it?"""
        if self.policy["select"] == "listed":
            return a.get("rank", 2**64) < b.get("rank", 2**64)
        order = self.order(a["version"], b["version"])
        return order is None or order >= 0

    def decide(self):
        best, refused, any_fits, any_newer = None, [], False, False
        for release in self.releases:
            if not self.fits_hardware(release):
                refused.append((release["id"], "hardware"))
                continue
            newer = self.newer(release)
            any_fits, any_newer = True, any_newer or newer
            why, permits, forces = self.unfit(release), [], []
            if why is None:
                why, permits, forces = self.refusal(release, newer)
            if why is not None:
                refused.append((release["id"], why))
            elif best is None or self.better(release, best[0]):
                best = (release, permits, forces)
        if best:
            names = {r["name"] for r in best[1] + best[2]}
            return Decision("install", best[0], bool(best[2]), [r["name"] for r in self.rules if r["name"] in names], refused)
        return Decision("current" if any_fits and not any_newer else "nothing", refused=refused)


def valid_version(scheme, text):
    if scheme == "semver":
        return cel.semver_parts(text) is not None
    if scheme == "number":
        return text.isascii() and text.isdigit() and int(text) < 2**32
    if scheme == "dotted":
        return cel.DOTTED.fullmatch(text) is not None
    return True
