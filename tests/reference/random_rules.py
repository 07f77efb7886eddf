"""random_rules - random expressions of a wanted type, and random policies, releases and devices, from a seed.

Expressions are well typed and mostly small; literals are such that they meet: few names, few numbers, and the edges of each range.
"""

INTS = ["0", "1", "-1", "2", "7", "30", "100", "9223372036854775807", "-9223372036854775808", "4294967296"]
UINTS = ["0u", "1u", "2u", "18446744073709551615u"]
TEXTS = ['""', '"a"', '"b"', '"ab"', '"canary"', '"\\u00e9\\U0001f600"', "'critical'", '"1.2.3"', '"1"', '"2026-01-31T10:00:00Z"', '"72h"',
         '"+02:00"', 'r"\\n"']
BYTES = ['b""', 'b"a"', 'b"\\xff\\x00"', 'b"ab"']
TIMES = ['timestamp("2026-01-31T10:00:00Z")', 'timestamp("1970-01-01T00:00:00Z")', 'timestamp("0001-01-01T00:00:00Z")',
         'timestamp("9999-12-31T23:59:59.999999999Z")', 'timestamp("2024-02-29T23:59:59.5+05:30")']
SPANS = ['duration("72h")', 'duration("0s")', 'duration("-1.5h")', 'duration("292y")'.replace("292y", "2500000h"), 'duration("1ns")']
VERSIONS = ['semver("1.2.3")', 'semver("1.10.0")', 'semver("2.0.0-rc.1")', 'semver("2.0.0-rc.1+b7")', 'semver("0.0.0")']
ZONES = ['"UTC"', '"+02:00"', '"-11:30"', '"23:59"']
TYPES = ["bool", "int", "uint", "string", "bytes", "timestamp", "duration", "version", "ints", "strings", "map"]


class Rules:
    def __init__(self, rng, variables):
        """@variables: {type: [names]}."""
        self.rng, self.variables, self.locals = rng, variables, []

    def pick(self, *choices):
        return self.rng.choice(choices)

    def of(self, kind, depth):
        """Text of an expression of this type."""
        names = [n for n, k in self.locals if k == kind] * 3 + self.variables.get(kind, [])
        if depth <= 0 or self.rng.random() < 0.15:
            if names and self.rng.random() < 0.6:
                return self.rng.choice(names)
            return self.literal(kind)
        return getattr(self, "make_" + kind)(depth - 1)

    def literal(self, kind):
        table = {"bool": ["true", "false"], "int": INTS, "uint": UINTS, "string": TEXTS, "bytes": BYTES, "timestamp": TIMES,
                 "duration": SPANS, "version": VERSIONS}
        if kind in table:
            return self.rng.choice(table[kind])
        count = self.rng.randrange(1, 4)
        if kind == "map":
            return "{" + ", ".join(sorted({'"%s": %s' % (k, self.literal("int")) for k in self.rng.sample("abcd", count)})) + "}"
        return "[" + ", ".join(self.literal({"ints": "int", "strings": "string"}[kind]) for _ in range(count)) + "]"

    def argument(self, depth):
        """A text for a constructor; one that is a literal would be converted, or refused, when the rule is compiled."""
        text = self.of("string", depth)
        return '(%s + "")' % text if text[0] in "'\"r" else text

    def infix(self, kind, ops, depth):
        return "(%s %s %s)" % (self.of(kind, depth), self.rng.choice(ops), self.of(kind, depth))

    def choice(self, kind, depth):
        return "(%s ? %s : %s)" % (self.of("bool", depth), self.of(kind, depth), self.of(kind, depth))

    def inside(self, name, kind, body):
        """@body() with one more variable."""
        self.locals.append((name, kind))
        text = body()
        self.locals.pop()
        return text

    def macro(self, macro, depth, kind="bool"):
        name = "v%d" % len(self.locals)
        range_, element = self.pick(("ints", "int"), ("strings", "string"), ("map", "string"))
        source = self.of(range_, depth)
        return self.inside(name, element, lambda: "%s.%s(%s, %s)" % (source, macro, name, self.of(kind, depth)))

    def make_bool(self, d):
        r = self.rng.randrange(17)
        if r < 4:
            return "(%s %s %s)" % (self.of("bool", d), self.pick("&&", "||"), self.of("bool", d))
        if r == 4:
            return "!" + self.of("bool", d)
        if r == 5:
            return self.choice("bool", d)
        if r == 6:
            kind = self.rng.choice(TYPES)
            return self.infix(kind, ["==", "!="], d)
        if r < 9:
            return self.infix(self.pick("int", "uint", "string", "bytes", "timestamp", "duration", "bool"), ["<", "<=", ">", ">="], d)
        if r == 9:
            return "(%s in %s)" % self.pick((self.of("int", d), self.of("ints", d)), (self.of("string", d), self.of("strings", d)),
                                            (self.of("string", d), self.of("map", d)))
        if r == 10:
            return "%s.%s(%s)" % (self.of("string", d), self.pick("contains", "startsWith", "endsWith"), self.of("string", d))
        if r == 11:
            return "%s.%s(%s)" % (self.of("version", d), self.pick("isLessThan", "isGreaterThan"), self.of("version", d))
        if r == 12 and len(self.locals) < 2:
            return self.macro(self.pick("all", "exists", "exists_one"), min(d, 1))
        if r == 13:
            return "has(%s.%s)" % (self.of("map", d), self.pick("a", "b", "zz"))
        if r == 14:
            return "%s[?%s].hasValue()" % (self.of("map", d), self.of("string", d))
        if r == 15:
            return "isSemver(%s)" % self.of("string", d)
        return "bool(%s)" % self.of("string", d)

    def make_int(self, d):
        r = self.rng.randrange(15)
        if r < 5:
            return self.infix("int", ["+", "-", "*", "/", "%"], d)
        if r == 5:
            return "(-%s)" % self.of("int", d)
        if r == 6:
            return self.choice("int", d)
        if r == 7:
            return "size(%s)" % self.of(self.pick("string", "bytes", "ints", "strings", "map"), d)
        if r == 8:
            return "int(%s)" % self.of(self.pick("uint", "string", "timestamp"), d)
        if r == 9:
            return "%s.%s(%s)" % (self.of("timestamp", d), self.pick("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
                                  "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"),
                                  self.pick("", self.rng.choice(ZONES)))
        if r == 10:
            return "%s.%s()" % (self.of("duration", d), self.pick("getHours", "getMinutes", "getSeconds", "getMilliseconds"))
        if r == 11:
            return "%s[%s]" % self.pick((self.of("ints", d), self.of("int", d)), (self.of("map", d), self.of("string", d)))
        if r == 12:
            return "%s[?%s].orValue(%s)" % (self.of("map", d), self.of("string", d), self.of("int", d))
        if r == 13:
            return "%s.%s" % (self.of("version", d), self.pick("major()", "minor()", "patch()", "compareTo(%s)" % self.of("version", d)))
        return "bucket(%s, %s, %s)" % (self.of("string", d), self.of("string", d), self.of("int", d))

    def make_uint(self, d):
        r = self.rng.randrange(4)
        if r < 2:
            return self.infix("uint", ["+", "-", "*", "/", "%"], d)
        return self.choice("uint", d) if r == 2 else "uint(%s)" % self.of(self.pick("int", "string"), d)

    def make_string(self, d):
        r = self.rng.randrange(6)
        if r == 0:
            return self.infix("string", ["+"], d)
        if r == 1:
            return self.choice("string", d)
        if r < 4:
            return "string(%s)" % self.of(self.pick("int", "uint", "bool", "bytes", "timestamp", "duration", "version", "string"), d)
        if r == 4:
            return "%s[%s]" % (self.of("strings", d), self.of("int", d))
        return "%s[?%s].orValue(%s)" % (self.of("strings", d), self.of("int", d), self.of("string", d))

    def make_bytes(self, d):
        return self.pick(self.infix("bytes", ["+"], d), self.choice("bytes", d), "bytes(%s)" % self.of("string", d))

    def make_timestamp(self, d):
        return self.pick("(%s + %s)" % (self.of("timestamp", d), self.of("duration", d)),
                         "(%s - %s)" % (self.of("timestamp", d), self.of("duration", d)), self.choice("timestamp", d),
                         "timestamp(%s)" % self.pick("(%s + 0)" % self.of("int", d), self.argument(d)))

    def make_duration(self, d):
        return self.pick("(%s - %s)" % (self.of("timestamp", d), self.of("timestamp", d)), self.infix("duration", ["+", "-"], d),
                         self.choice("duration", d), "duration(%s)" % self.argument(d))

    def make_version(self, d):
        return self.pick(self.choice("version", d), "semver(%s)" % self.argument(d), "semver(%s, true)" % self.argument(d))

    def make_ints(self, d):
        r = self.rng.randrange(5)
        if r == 0:
            return self.infix("ints", ["+"], d)
        if r == 1:
            return self.choice("ints", d)
        if r == 2 and len(self.locals) < 2:
            return self.macro("map", min(d, 1), "int")
        if r == 3 and len(self.locals) < 2:
            name = "v%d" % len(self.locals)
            return "%s.filter(%s, %s)" % (self.of("ints", d), name, self.inside(name, "int", lambda: self.of("bool", min(d, 1))))
        return "[" + ", ".join(self.of("int", d) for _ in range(self.rng.randrange(1, 4))) + "]"

    def make_strings(self, d):
        if self.rng.random() < 0.3 and len(self.locals) < 2:
            return self.macro("map", min(d, 1), "string")
        return self.pick(self.infix("strings", ["+"], d), self.choice("strings", d),
                         "[" + ", ".join(self.of("string", d) for _ in range(self.rng.randrange(1, 4))) + "]")

    def make_map(self, d):
        return self.pick(self.choice("map", d), "{" + ", ".join("%s: %s" % (self.of("string", d), self.of("int", d))
                                                                for _ in range(self.rng.randrange(1, 3))) + "}")
