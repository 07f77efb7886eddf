#!/usr/bin/env python3
"""Vectors of the rule language that no foreign suite has, in the line format of ../cel/README.md.

    ./make.py > language.jsonl

Answers come from Python alone: integers of any size, datetime, hashlib, and tables written by hand after
docs/spec/rules.md. Nothing is drawn at random without a seed, so the output is the same every time.
"""
import datetime
import hashlib
import json
import random
import sys

RANDOM = random.Random("fwledger rules 1")
INT_MIN, INT_MAX, UINT_MAX = -2**63, 2**63 - 1, 2**64 - 1
TRUE, FALSE = {"bool": True}, {"bool": False}


def line(section, expr, **keys):
    sys.stdout.write(json.dumps({"section": section, "expr": expr, **keys}, ensure_ascii=True) + "\n")


def integer(n):
    return {"int": str(n)}


def quoted(text):
    """A text as it is written in a rule."""
    out = []
    for c in text:
        out.append("\\U%08x" % ord(c) if ord(c) < 32 or c in "\\'" or ord(c) > 126 else c)
    return "'" + "".join(out) + "'"


def white_space_and_comments():
    s = "white space and comments"
    spaces = {"space": " ", "tab": "\t", "newline": "\n", "form feed": "\f", "return": "\r", "CRLF": "\r\n", "comment": "// 1 + 'x\n",
              "empty comment": "//\n", "two comments": "// a\n// b\n", "comment with CR": "// a\rb\n", "none": ""}
    for name, w in spaces.items():
        line(s, w.join(["", "[", "1", ",", "2", "]", ".", "map", "(", "x", ",", "x", "*", "2", ")", "==", "[", "2", ",", "4", "]", ""]),
             name=name, value=TRUE)
        line(s, w.join(["", "{", "'a'", ":", "-", "1", "}", "[", "'a'", "]", "<", "0", "?", "1u", ":", "2u", ""]), name=name, value={"uint": "1"})
        line(s, w.join(["", "!", "(", "true", "&&", "!", "true", ")", "||", ".", "type", "(", "1", ")", "!=", "int", ""]), name=name, value=TRUE)
    for w in (" ", "\t", "\n", "\f", "\r", "// in\n"):
        line(s, "1" + w + "in" + w + "[1]", value=TRUE)
    line(s, "1 // the end", value=integer(1))
    line(s, "1 //", value=integer(1))
    line(s, "'// no comment' + \"//\"", value={"string": "// no comment//"})
    line(s, "'''a\n// b'''", value={"string": "a\n// b"})
    line(s, "10 / 2 / 5", value=integer(1))
    line(s, "// only a comment", error="no expression")
    line(s, "  \t\n", error="no expression")
    line(s, "", error="no expression")
    line(s, "1 /* no */", error="no such comment")
    line(s, "1 + # no\n 2", error="no such comment")
    line(s, "1\v+ 2", error="vertical tab is no white space")
    line(s, "1\u00a0+ 2", error="no-break space is no white space")
    line(s, "\ufeff1", error="no byte order mark")
    line(s, "&& 1", error="syntax")
    line(s, "1 & & 2", error="operators have no space inside")
    line(s, "true & true", error="syntax")
    line(s, "1 = = 1", error="operators have no space inside")


def faults_of_others():
    """What other implementations get wrong; docs/spec/rules.md is explicit about each."""
    s = "faults of others"
    for expr in ("-(-9223372036854775808 + 0)", "-x", "-9223372036854775808 / -1", "-9223372036854775808 % -1", "0 - x",
                 "-9223372036854775808 - 1", "9223372036854775807 + 1", "x * -1", "4611686018427387904 * 2",
                 "18446744073709551615u + 1u", "0u - 1u", "9223372036854775808u * 2u", "1 / 0", "1 % 0", "1u / 0u", "1u % 0u"):
        line(s, expr, bindings={"x": integer(INT_MIN)}, error="overflow or division by zero")
    line(s, "-9223372036854775808", value=integer(INT_MIN))
    line(s, "--9223372036854775808 == 1", error="overflow")
    for expr in ("{1: 'a', 1: 'b'}", "{0: 1, dyn(0u): 2}", "{true: 1, 1 == 1: 2}", "{'a': 1, 'a': 1}", "{dyn(1u): 1, dyn(1): 1}"):
        line(s, expr, error="repeated key")
    line(s, "{dyn(1): 1, dyn('1'): 2, dyn(true): 3}.size()", value=integer(3))
    for expr in ("{dyn(null): 1}", "{dyn([1]): 1}", "{dyn({}): 1}", "{dyn(b'a'): 1}", "{dyn(timestamp(0)): 1}"):
        line(s, expr, error="unsupported key type")
    line(s, "int(9223372036854775807u)", value=integer(INT_MAX))
    line(s, "int(9223372036854775808u)", error="range")
    line(s, "uint(-1)", error="range")
    line(s, "uint(9223372036854775807)", value={"uint": str(INT_MAX)})
    for a, b in ((b"", b"\0"), (b"a", b"a\0"), (b"\x7f", b"\x80"), (b"\xfe", b"\xff"), (b"ab", b"b")):
        line(s, "x < y && x <= y && y > x && y >= x && x != y", bindings={"x": {"bytes": a.hex()}, "y": {"bytes": b.hex()}}, value=TRUE)
    for expr in ("dyn(3u) in [3]", "dyn(3) in [3u]", "3u in [dyn(3)]", "dyn(1u) == 1", "[dyn(0u)] == [dyn(0)]", "{dyn(1): 'a'}[dyn(1u)] == 'a'",
                 "dyn(1u) in {1: 2}", "[[dyn(1u)]] == [[dyn(1)]]", "{'a': dyn(1u)} == {'a': dyn(1)}", "dyn(-1) != dyn(18446744073709551615u)",
                 "dyn(1) < dyn(2u)", "dyn(2u) > dyn(-1)", "dyn(18446744073709551615u) > dyn(9223372036854775807)", "!(dyn(true) == dyn(1))",
                 "dyn('1') != dyn(1)", "dyn(null) == null", "!(dyn(null) in [dyn(0), dyn('')])"):
        line(s, expr, value=TRUE)
    for zone, hour in (("+11:00", 11), ("-11:00", 13), ("11:00", 11), ("UTC", 0), ("+00:00", 0), ("-00:30", 23), ("+23:59", 23), ("05:45", 5)):
        line(s, "timestamp('2026-01-01T00:00:00Z').getHours(x)", bindings={"x": {"string": zone}}, value=integer(hour))
    for zone in ("+24:00", "+1:00", "+11", "+1100", "+11:60", "", " UTC", "Europe/Berlin", "CET", "utc", "++01:00", "+01:00 ", "-", "+aa:bb"):
        line(s, "timestamp('2026-01-01T00:00:00Z').getHours(x)", bindings={"x": {"string": zone}}, error="time zone")
    for seconds, good in ((-62135596800, True), (-62135596801, False), (253402300799, True), (253402300800, False), (INT_MAX, False), (INT_MIN, False)):
        line(s, "int(timestamp(%d))" % seconds if seconds != INT_MIN else "int(timestamp(-9223372036854775808))",
             **({"value": integer(seconds)} if good else {"error": "range"}))
    for expr in ("false && 32", "32 && false", "!(true || 32) ? true : false", "false && 'a' == 1"):
        line(s, expr, disable_check=True, value=FALSE)
    for expr in ("true && 32", "32 && true", "'a' && 'b'", "false || 32", "32 || false", "!32", "32 ? 1 : 2", "[1].all(x, 32)", "[1].filter(x, 32)"):
        line(s, expr, disable_check=True, error="no such overload")
    for expr in ("true || 32", "32 || true", "1 / 0 == 1 || true", "true || 1 / 0 == 1", "!(false && 1 / 0 == 1)", "!(1 / 0 == 1 && false)",
                 "[1, 0].exists(x, 1 / x == 1)", "[0, 1].exists(x, 1 / x == 1)", "![0, 1].all(x, 1 / x == 2)"):
        line(s, expr, disable_check=True, value=TRUE)
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\x80", b"\xe2\x82", b"\xf8\x88\x80\x80\x80"):
        line(s, "string(x)", bindings={"x": {"bytes": bad.hex()}}, error="invalid UTF-8")
    for good in ("", "a", "\u00e9", "\u20ac", "\U0001f600", "\0", "\U0010ffff", "\ud7ff\ue000"):
        line(s, "string(x)", bindings={"x": {"bytes": good.encode().hex()}}, value={"string": good})
        line(s, "size(string(x))", bindings={"x": {"bytes": good.encode().hex()}}, value=integer(len(good)))
    line(s, "string(9876u)", value={"string": "9876"})
    for text, value in (("1", True), ("t", True), ("true", True), ("TRUE", True), ("True", True), ("0", False), ("f", False), ("false", False),
                        ("FALSE", False), ("False", False)):
        line(s, "bool(x)", bindings={"x": {"string": text}}, value={"bool": value})
    for text in ("", "T", "F", "tRuE", "yes", " true", "2", "on"):
        line(s, "bool(x)", bindings={"x": {"string": text}}, error="no bool")
    line(s, "-7 % 3", value=integer(-1))
    line(s, "7 % -3", value=integer(1))
    line(s, "-7 / 2", value=integer(-3))


def sizes():
    """The sizes that the CEL specification requires of an implementation, and those of its suite."""
    s = "required sizes"
    line(s, " && ".join(["true"] * 32), value=TRUE)
    line(s, " || ".join(["false"] * 32), value=FALSE)
    line(s, "[" + ", ".join(str(i) for i in range(32)) + "][31]", value=integer(31))
    line(s, "{" + ", ".join("%d: %d" % (i, i) for i in range(32)) + "}[31]", value=integer(31))
    line(s, "true ? 1 : " * 24 + "2", value=integer(1))
    line(s, "false ? 1 : " * 24 + "2", value=integer(2))
    for op, want in (("+", 25), ("-", -23), ("*", 1), ("/", 1), ("%", 0)):
        line(s, (" %s " % op).join(["1"] * 25), value=integer(want))
    line(s, "size(" * 12 + "'a'" + ".size() == 1 ? 'a' : 'b'" + ")" * 12, error="int has no size")
    line(s, "int(" * 12 + "7" + ")" * 12, value=integer(7))
    line(s, "x" + ".a" * 12, bindings={"x": nest(12, lambda v: {"map": [[{"string": "a"}, v]]})}, value=integer(7))
    line(s, "x" + "[0]" * 12, bindings={"x": nest(12, lambda v: {"list": [v]})}, value=integer(7))
    line(s, "[" * 12 + "7" + "]" * 12 + "[0]" * 12, value=integer(7))
    line(s, "{'a': " * 12 + "7" + "}" * 12 + ".a" * 12, value=integer(7))
    line(s, "(" * 32 + "7" + ")" * 32, value=integer(7))
    line(s, "!" * 32 + "true", value=TRUE)
    line(s, "!" * 33 + "true", value=FALSE)
    line(s, "-" * 32 + "x", bindings={"x": integer(7)}, value=integer(7))
    line(s, "-" * 31 + "x", bindings={"x": integer(7)}, value=integer(-7))


def nest(depth, wrap):
    value = integer(7)
    for _ in range(depth):
        value = wrap(value)
    return value


def arithmetic():
    s = "arithmetic"
    edges = [INT_MIN, INT_MIN + 1, -2**32, -10, -1, 0, 1, 2, 3, 10, 2**31, 2**32, 2**62, INT_MAX - 1, INT_MAX]
    for _ in range(150):
        a, b = (RANDOM.choice(edges + [RANDOM.randint(-2**RANDOM.randint(1, 63), 2**RANDOM.randint(1, 63) - 1)]) for _ in range(2))
        op = RANDOM.choice("+-*/%")
        quotient = 0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        if op in "/%" and b == 0:
            want = None
        else:
            want = {"+": a + b, "-": a - b, "*": a * b, "/": quotient, "%": None if b == 0 else a - b * quotient}[op]
            if not INT_MIN <= want <= INT_MAX or (op == "%" and a == INT_MIN and b == -1):
                want = None
        line(s, "x %s y" % op, bindings={"x": integer(a), "y": integer(b)}, **({"error": "range"} if want is None else {"value": integer(want)}))
    for _ in range(60):
        a, b = (RANDOM.choice([0, 1, 2, 10, 2**32, 2**63, UINT_MAX - 1, UINT_MAX, RANDOM.randint(0, UINT_MAX)]) for _ in range(2))
        op = RANDOM.choice("+-*/%")
        want = None
        if op not in "/%" or b != 0:
            want = {"+": a + b, "-": a - b, "*": a * b, "/": a // max(b, 1), "%": a % max(b, 1)}[op]
            want = want if 0 <= want <= UINT_MAX else None
        line(s, "x %s y" % op, bindings={"x": {"uint": str(a)}, "y": {"uint": str(b)}},
             **({"error": "range"} if want is None else {"value": {"uint": str(want)}}))


def times():
    s = "time"
    epoch = datetime.datetime(1970, 1, 1)
    getters = {"getFullYear": lambda t: t.year, "getMonth": lambda t: t.month - 1, "getDate": lambda t: t.day, "getDayOfMonth": lambda t: t.day - 1,
               "getDayOfWeek": lambda t: (t.weekday() + 1) % 7, "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
               "getHours": lambda t: t.hour, "getMinutes": lambda t: t.minute, "getSeconds": lambda t: t.second,
               "getMilliseconds": lambda t: t.microsecond // 1000}
    starts = [-62135596800, 253402300799, 0, -1, 951782399, 951782400, 4107542399, 4107542400]
    for i in range(240):
        seconds = starts[i] if i < len(starts) else RANDOM.randint(-62135596800 + 90000, 253402300799 - 90000)
        micros = RANDOM.choice([0, 1, 999999, RANDOM.randint(0, 999999)])
        offset = 0 if i < len(starts) else RANDOM.randint(-23 * 60 - 59, 23 * 60 + 59)
        sign = "-" if offset < 0 else "+"
        zone = "%s%02d:%02d" % (sign, abs(offset) // 60, abs(offset) % 60)
        name = RANDOM.choice(sorted(getters))
        local = epoch + datetime.timedelta(seconds=seconds, microseconds=micros, minutes=offset)
        line(s, "x.%s('%s')" % (name, zone), bindings={"x": {"timestamp": [str(seconds), micros * 1000]}}, value=integer(getters[name](local)))
        if i % 4 == 0:
            utc = epoch + datetime.timedelta(seconds=seconds, microseconds=micros)
            text = "%04d" % utc.year + utc.strftime("-%m-%dT%H:%M:%S") + ((".%06d" % micros).rstrip("0") if micros else "") + "Z"
            line(s, "string(x)", bindings={"x": {"timestamp": [str(seconds), micros * 1000]}}, value={"string": text})
            line(s, "timestamp(x)", bindings={"x": {"string": text}}, value={"timestamp": [str(seconds), micros * 1000]})
    for text in ("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                 "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01", "26-01-01T00:00:00Z",
                 "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+25:00", "0000-12-31T23:59:59Z",
                 "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z", "2100-02-29T00:00:00Z", ""):
        line(s, "timestamp(x)", bindings={"x": {"string": text}}, error="no time")


def durations():
    s = "duration"
    units = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

    def pair(ns):
        seconds = abs(ns) // 10**9 * (1 if ns >= 0 else -1)
        return {"duration": [str(seconds), ns - seconds * 10**9]}

    for _ in range(80):
        total, text = 0, RANDOM.choice(["", "-", "+"])
        minus = text == "-"
        for unit in RANDOM.sample(sorted(units), RANDOM.randint(1, 3)):
            whole = RANDOM.randint(0, 5000)
            digits = RANDOM.randint(0, 3) if units[unit] >= 1000 else 0
            fraction = "".join(RANDOM.choice("0123456789") for _ in range(digits))
            text += str(whole) + ("." + fraction if fraction else "") + unit
            total += whole * units[unit] + (int(fraction) * units[unit] // 10**digits if fraction else 0)
        total = -total if minus else total
        line(s, "duration(x)", bindings={"x": {"string": text}}, value=pair(total))
        line(s, "x.getHours() * 1000000 + x.getMilliseconds()", bindings={"x": pair(total)},
             value=integer(trunc(total, 3600 * 10**9) * 1000000 + trunc(remainder(total, 10**9), 10**6)))
        line(s, "duration(string(x)) == x", bindings={"x": pair(total)}, value=TRUE)
    for text in ("", "1", "h", "1.h.", "1 h", "1d", "--1h", "1h-1m", ".s", "1e3s", "\u00b5s", "0x1s", "1H"):
        line(s, "duration(x)", bindings={"x": {"string": text}}, error="no duration")
    line(s, "duration('9223372036854775807ns')", value=pair(INT_MAX))
    line(s, "duration('-9223372036854775808ns')", value=pair(INT_MIN))
    line(s, "duration('9223372036854775808ns')", error="range")
    line(s, "duration('-9223372036854775809ns')", error="range")
    line(s, "duration('2562047h47m16.854775807s')", value=pair(INT_MAX))
    line(s, "duration('2562048h')", error="range")
    line(s, "timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", error="range")
    line(s, "timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", error="range")
    line(s, "timestamp('0001-01-01T00:00:00Z') - duration('1ns')", error="range")
    line(s, "timestamp('1970-01-01T00:00:00Z') - duration('1ns')", value={"timestamp": ["-1", 999999999]})


def trunc(a, b):
    return abs(a) // b * (1 if a >= 0 else -1)


def remainder(a, b):
    return a - trunc(a, b) * b


def buckets():
    s = "bucket"

    def answer(device, salt, n):
        return int.from_bytes(hashlib.sha256(salt.encode() + b"\0" + device.encode()).digest()[:8], "big") % n

    known = [("gw-000417", "r7", 100, 71), ("gw-000002", "r7", 10000, 4200), ("", "r7", 10000, 8137), ("dev-1", "r7", 10000, 9368)]
    for device, salt, n, want in known:
        assert answer(device, salt, n) == want
        line(s, "bucket(%s, %s, %d)" % (quoted(device), quoted(salt), n), value=integer(want))
    cases = [("", "", 1), ("", "", INT_MAX), ("a", "b", 2), ("\u00e9\U0001f600", "s\0alt", 10000), ("a\0b", "c", 97), ("x" * 200, "y" * 56, 10000)]
    cases += [("dev-%d" % RANDOM.randint(0, 10**9), "r%d" % RANDOM.randint(0, 99), RANDOM.choice([2, 100, 10000, INT_MAX])) for _ in range(30)]
    for device, salt, n in cases:
        line(s, "bucket(x, y, z)", bindings={"x": {"string": device}, "y": {"string": salt}, "z": integer(n)}, value=integer(answer(device, salt, n)))
    for n in (0, -1, INT_MIN):
        line(s, "bucket('a', 'b', x)", bindings={"x": integer(n)}, error="not positive")
    for expr in ("bucket('a', 'b')", "bucket('a', 'b', 3u)", "bucket(b'a', 'b', 3)", "bucket('a', 1, 3)", "'a'.bucket('b', 3)"):
        line(s, expr, error="no matching overload; undeclared in this style")
    line(s, "1 / 0 == bucket('a', 'b', 3) || true", value=TRUE)


def versions():
    s = "version"

    def key(text):
        core, _, pre = text.partition("+")[0].partition("-")
        parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in pre.split(".")] if pre else [(2, 0, "")]
        return [int(n) for n in core.split(".")], parts

    texts = ["0.0.0", "0.0.1", "0.1.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
             "1.0.0", "1.0.0+build.7", "1.9.0", "1.10.0", "1.11.0", "2.0.0-0", "2.0.0-a-b", "10.0.0", "9007199254740993.0.0", "99999999999999999999.0.0"]
    for _ in range(120):
        a, b = RANDOM.choice(texts), RANDOM.choice(texts)
        order = (key(a) > key(b)) - (key(a) < key(b))
        bindings = {"device.version": {"semver": a}, "release.version": {"semver": b}}
        line(s, "device.version.compareTo(release.version)", bindings=bindings, value=integer(order))
        line(s, "device.version.isLessThan(release.version) == (x < 0) && device.version.isGreaterThan(release.version) == (x > 0) && "
             "(device.version == release.version) == (x == 0)", bindings={**bindings, "x": integer(order)}, value=TRUE)
    line(s, "semver(x).compareTo(semver(y))", bindings={"x": {"string": "1.0.0"}, "y": {"string": "1.0"}}, error="no version")
    for text in ("", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0+", "1.0.0 ", "1.0.0-\u00e9", "-1.0.0"):
        line(s, "isSemver(x)", bindings={"x": {"string": text}}, value=FALSE)
        line(s, "semver(x)", bindings={"x": {"string": text}}, error="no version")
    for text, want in (("v1", "1.0.0"), ("1.2", "1.2.0"), ("v01.002.3", "1.2.3"), ("1-rc.1", "1.0.0-rc.1"), ("v1.2+b", "1.2.0+b")):
        line(s, "semver(x, true)", bindings={"x": {"string": text}}, value={"semver": want})
    line(s, "device.version < release.version", bindings={"device.version": {"semver": "1.0.0"}, "release.version": {"semver": "2.0.0"}},
         error="no matching overload")
    line(s, "semver('99999999999999999999.0.0').major()", error="range")
    line(s, "semver('9223372036854775807.0.1').major()", value=integer(INT_MAX))


def main():
    white_space_and_comments()
    faults_of_others()
    sizes()
    arithmetic()
    times()
    durations()
    buckets()
    versions()


main()
