#!/usr/bin/env python3
"""openapi.py FWLEDGER FWLEDGERD - does a node answer as docs/openapi.yaml says?

Every path is asked with names of something that is there, of something that is not, and with what is no name at all: status and
type of each answer must stand in the document, and JSON must have its schema. Every path of the document must have been answered
with 200 at least once.
"""
import json
import os
import re
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import yaml
from jsonschema import Draft202012Validator

from smoke import FWLEDGER, Node, OneNode

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "openapi.yaml")
POLICY = """select: highest
max_age: 15m
staged: [acme/m/c]
params: {n: 1, t: 5m}
rules: [{name: all, effect: permit, when: 'true'}]
rollouts: {all: {stages: [{percent: 100}], advance_when: 'true', halt_when: 'false'}}
"""
ABSENT, MALFORMED = "0" * 64, "%20!"


def resolved(document, part):
    """@part with each $ref replaced by what it names."""
    if isinstance(part, list):
        return [resolved(document, x) for x in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = document
        for name in part["$ref"][2:].split("/"):
            target = target[name]
        return resolved(document, target)
    return {k: resolved(document, v) for k, v in part.items()}


class Api(OneNode):
    def setUp(self):
        super().setUp()
        with open(DOCUMENT, encoding="utf-8") as f:
            document = yaml.safe_load(f)
        self.paths = resolved(document, document["paths"])
        self.answered = set()

    def ask(self, node, path, url, body=None, kind="application/json"):
        """One question; @path is the entry of the document that answers it. The body of the answer."""
        method = "get" if body is None else "post"
        request = urllib.request.Request(node.url + url, body, {"Content-Type": kind} if body is not None else {})
        try:
            with urllib.request.urlopen(request, timeout=30) as r:
                status, given, data = r.status, r.headers["Content-Type"], r.read()
        except urllib.error.HTTPError as e:
            status, given, data = e.code, e.headers["Content-Type"], e.read()
        said = "%s %s: %d %s %r" % (method, url, status, given, data[:300])
        responses = self.paths[path][method]["responses"]
        self.assertIn(str(status), responses, said)
        content = responses[str(status)].get("content")
        if content is not None:
            self.assertIn(given.split(";")[0], content, said)
            if "json" in given:
                Draft202012Validator(content[given.split(";")[0]]["schema"]).validate(json.loads(data))
        if status == 200:
            self.answered.add((path, method))
        return data

    def fill(self, node):
        """Something of each kind. Returns what stands for the names in paths, by the path's first word and the name."""
        governor = ("--as", "governors", "--key", self.path("governor.key"))
        signer = {}
        for who, role in (("acme", "provider"), ("ops", "administrator")):
            key = self.fwledger("keygen", "participant", self.path(who + ".key")).strip()
            self.fwledger("participant", "put", who, "--public", key, "--role", role, "--classes", "9", "--fleets", "9",
                          "--releases", "9", *governor, node=node)
            signer[who] = ("--as", who, "--key", self.path(who + ".key"))
        self.fwledger("vendor", "grant", "acme", "acme", *governor, node=node)
        self.fwledger("class", "register", "acme/m/c", "--scheme", "semver", *signer["acme"], node=node)
        release = self.write("release.json", json.dumps({"class": "acme/m/c", "version": "1.0.0", "sha256": "%064x" % 1, "size": 1,
                                                         "filename": "f"}))
        self.fwledger("release", "publish", release, *signer["acme"], node=node)
        self.fwledger("fleet", "create", "ops/f", *signer["ops"], node=node)
        self.fwledger("policy", "set", "ops/f", self.write("policy.yaml", POLICY), *signer["ops"], node=node)
        self.fwledger("class", "register", "acme/m/d", "--scheme", "semver", *signer["acme"], "--write", self.path("tx"), node=node)
        sent = json.loads(self.fwledger("transaction", "send", self.path("tx"), "--json", node=node))
        live = json.loads(node.get("/v1/classes/acme/m/c"))["releases"][0]
        self.fwledger("rollout", "start", "ops/f", live["id"], "--template", "all", *signer["ops"], node=node)
        return {"txid": sent["txid"], "height": sent["height"], "vendor": "acme", "model": "m", "component": "c",
                "administrator": "ops", "fleet": "f", "hash": live["value"], "participants id": "acme", "releases id": live["id"]}

    def ask_each_path(self, node, names):
        for path, methods in self.paths.items():
            if "get" not in methods or path == "/v1/attest":  # a question about the tip; its own test asks it
                continue
            own = path.split("/")[2] if path.count("/") > 1 else ""
            named = {n: str(names.get(n, names.get(own + " " + n))) for n in re.findall(r"{(\w+)}", path)}
            self.ask(node, path, path.format(**named))
            if named:
                self.ask(node, path, path.format(**{n: "999999" if n == "height" else ABSENT for n in named}))
                self.ask(node, path, path.format(**{n: MALFORMED for n in named}))
            for parameter in methods["get"].get("parameters", ()):
                if parameter["in"] == "query":
                    for value in ("1", "0", "x", "99999999"):
                        self.ask(node, path, path.format(**named) + "?" + parameter["name"] + "=" + value)

    def test_answers(self):
        with Node(self.config) as node:
            names = self.fill(node)
            self.ask_each_path(node, names)
            facts = {"fleet": "ops/f", "class": "acme/m/c", "version": "0.1.0"}
            for body in (json.dumps(facts).encode(), b"{", b"{}", b"[]"):
                self.ask(node, "/v1/decisions", "/v1/decisions", body)
            with open(self.path("tx"), "rb") as f:
                tx = f.read()
            for query, body in (("", tx), ("?wait=final", tx), ("?wait=x", tx), ("", b""), ("", tx[:-1]), ("", tx[:-1] + b"\0")):
                self.ask(node, "/v1/transactions", "/v1/transactions" + query, body, "application/cbor")
            want = {(p, m) for p, methods in self.paths.items() for m in methods if p != "/v1/attest"}
            self.assertEqual(want - self.answered, set(), "never answered with 200")

    def test_what_is_not_there_is_named(self):
        with Node(self.config) as node:
            for path, what in (("/v1/participants/{id}", "participant"), ("/v1/vendors/{vendor}", "vendor"),
                               ("/v1/classes/{vendor}/{model}/{component}", "class"), ("/v1/releases/{id}", "release"),
                               ("/v1/fleets/{administrator}/{fleet}", "fleet"),
                               ("/v1/policies/{administrator}/{fleet}", "fleet, or it has no policy")):
                problem = json.loads(self.ask(node, path, re.sub("{.*?}", ABSENT if "releases" in path else "x", path)))
                self.assertEqual(problem["detail"], "there is no such " + what)
            r = subprocess.run([FWLEDGER, "vendor", "show", "x", "--node", node.url], capture_output=True, text=True)
            self.assertEqual((r.returncode, r.stdout, r.stderr), (1, "", "fwledger: not found (404): there is no such vendor\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
