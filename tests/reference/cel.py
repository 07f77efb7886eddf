"""cel - the rule language, evaluated slowly and obviously: the reference for differential tests.

It works on the text of an expression: no code, no types before the run, no cells. It shares nothing with contracts/ but the page that
both follow, docs/spec/rules.md. Where the product has limits that an expression can reach (texts of 256 bytes and lists of 32
entries made by a rule, 8 containers inside each other in a comparison, 2048 units of arena) they are modelled here; the cost is not: no
rule whose worst case is above the limit is published.

A CEL value is None, bool, Int, UInt, str, bytes, tuple (a list), Map, Time, Span, Type, Optional, Version, or a network or address of
the module ipaddress. An error is an exception of class Error.
"""
import datetime
import hashlib
import ipaddress
import re
from functools import cmp_to_key

INT_MIN, INT_MAX, UINT_MAX = -2**63, 2**63 - 1, 2**64 - 1
SECOND = 10**9
TIME_MIN, TIME_MAX = -62135596800 * SECOND, 253402300799 * SECOND + SECOND - 1


class Error(Exception):
    """An error of the run."""


class Final(Error):
    """The arena is used up: nothing absorbs it."""


class SyntaxFault(Error):
    """The text is no expression."""


class Int(int):
    pass


class UInt(int):
    pass


class Time(int):
    """Nanoseconds since 1970."""


class Span(int):
    """Nanoseconds."""


class Type(str):
    pass


class Optional:
    def __init__(self, *value):
        self.value = value  # () or (value,)


class Version:
    def __init__(self, scheme, text, place=None):
        self.scheme, self.text, self.place = scheme, text, place


class Map:
    """Pairs in the order of the product: bytewise order of the keys' CBOR encodings."""

    def __init__(self, pairs):
        self.pairs = sorted(pairs, key=lambda p: key_order(p[0]))

    def get(self, key):
        return next((v for k, v in self.pairs if equal(k, key)), None)

    def has(self, key):
        return any(equal(k, key) for k, v in self.pairs)


def cbor_head(major, n):
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << 8 * size:
            return bytes([major << 5 | code]) + n.to_bytes(size, "big")
    raise AssertionError


def key_order(key):
    if isinstance(key, bool):
        return bytes([0xf5 if key else 0xf4])
    if isinstance(key, (Int, UInt)):
        return cbor_head(0, int(key)) if key >= 0 else cbor_head(1, -1 - int(key))
    return cbor_head(3, len(key.encode())) + key.encode()


def kind(v):
    for cls, name in ((bool, "bool"), (Int, "int"), (UInt, "uint"), (Time, "timestamp"), (Span, "duration"), (Type, "type"), (str, "string"),
                      (bytes, "bytes"), (tuple, "list"), (Map, "map"), (Optional, "optional_type"), (Version, "Version"),
                      ((ipaddress.IPv4Address, ipaddress.IPv6Address), "net.IP"),
                      ((ipaddress.IPv4Interface, ipaddress.IPv6Interface), "net.CIDR")):
        # an interface is an address too, in the module's classes, and must be asked for first
        if name == "net.IP" and isinstance(v, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)):
            continue
        if isinstance(v, cls):
            return name
    assert v is None
    return "null_type"


# ---- text to tree ----

TOKEN = re.compile(r"""
    (?P<blank>(?:[ \t\n\f\r]|//[^\n]*)+)
  | (?P<number>0x[0-9a-fA-F]+[uU]?|[0-9]+[uU]?(?![.eE0-9]))
  | (?P<text>(?:[bB]?[rR]?|[rR][bB])(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*'))
  | (?P<id>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`[A-Za-z0-9_.\-/ ]+`)
  | (?P<op>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
""", re.X | re.S)
RAW = re.compile(r"""(?P<prefix>[bB]?[rR]|[rR][bB])(?P<body>\"\"\".*?\"\"\"|'''.*?'''|"[^"\r\n]*"|'[^'\r\n]*')""", re.S)
RESERVED = set("as break const continue else for function if import let loop package namespace return var void while in true false null".split())
ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "?": 63, '"': 34, "'": 39, "`": 96}


def tokens(text):
    at, out = 0, []
    while at < len(text):
        m = RAW.match(text, at) or TOKEN.match(text, at)
        if m is None:
            raise SyntaxFault("at %d" % at)
        at = m.end()
        if m.re is RAW:
            out.append(("text", m.group()))
        elif m.lastgroup != "blank":
            out.append((m.lastgroup, m.group()))
    return out + [("end", "")]


def literal_text(token):
    m = re.match(r"[bBrR]*", token)
    prefix, body = m.group().lower(), token[m.end():]
    quote = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[quote:-quote]
    raw, as_bytes = "r" in prefix, "b" in prefix
    out = b""
    at = 0
    while at < len(body):
        c = body[at]
        at += 1
        if c != "\\" or raw:
            out += c.encode()
            continue
        c = body[at]
        at += 1
        if c in ESCAPES:
            out += bytes([ESCAPES[c]])
            continue
        sizes = {"x": (2, 16), "X": (2, 16), "u": (4, 16), "U": (8, 16)}
        if c in sizes:
            size, base = sizes[c]
        elif c in "0123":
            at, size, base = at - 1, 3, 8
        else:
            raise SyntaxFault("escape")
        digits = body[at:at + size]
        at += size
        if len(digits) != size or not re.fullmatch("[0-9a-fA-F]*" if base == 16 else "[0-7]*", digits):
            raise SyntaxFault("escape")
        code = int(digits, base)
        if as_bytes:
            if c in "uU":
                raise SyntaxFault("escape")
            out += bytes([code])
        elif code > 0x10ffff or 0xd800 <= code <= 0xdfff:
            raise SyntaxFault("escape")
        else:
            out += chr(code).encode()
    return out if as_bytes else out.decode()


class Parser:
    """Recursive descent. A node is a tuple that begins with its kind."""

    def __init__(self, text):
        self.tokens, self.at = tokens(text), 0

    def is_op(self, *ops):
        kind_, text = self.tokens[self.at]
        return text if kind_ == "op" and text in ops or kind_ == "id" and text in ops else None

    def take(self, *ops):
        op = self.is_op(*ops)
        self.at += op is not None
        return op

    def need(self, op):
        if self.take(op) is None:
            raise SyntaxFault("no %s" % op)

    def whole(self):
        node = self.expr()
        if self.tokens[self.at][0] != "end":
            raise SyntaxFault("what follows")
        return node

    def expr(self):
        node = self.binary(0)
        if self.take("?"):
            then = self.binary(0)
            self.need(":")
            return ("?:", node, then, self.expr())
        return node

    LEVELS = [("||",), ("&&",), ("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%")]

    def binary(self, level):
        if level == len(self.LEVELS):
            return self.unary()
        node = self.binary(level + 1)
        while True:
            op = self.take(*self.LEVELS[level])
            if op is None:
                return node
            node = (op, node, self.binary(level + 1))

    def unary(self):
        for op in "!-":
            count = 0
            while self.is_op(op):
                if op == "-" and self.tokens[self.at + 1][0] == "number" and not self.tokens[self.at + 1][1][-1] in "uU" \
                        and "0x" not in self.tokens[self.at + 1][1]:
                    break
                if op == "-" and self.tokens[self.at + 1][0] == "number" and self.tokens[self.at + 1][1].startswith("0x") \
                        and self.tokens[self.at + 1][1][-1] not in "uU":
                    break
                self.at += 1
                count += 1
            if count:
                node = self.member()
                for _ in range(count):
                    node = ("not" if op == "!" else "neg", node)
                return node
        return self.member()

    def member(self):
        node = self.primary()
        while True:
            if self.take("."):
                optional = self.take("?") is not None
                kind_, name = self.tokens[self.at]
                self.at += 1
                if kind_ == "quoted":
                    node = ("field", node, name[1:-1], optional)
                elif kind_ != "id" or name in ("in", "true", "false", "null"):
                    raise SyntaxFault("field")
                elif not optional and self.take("("):
                    node = ("call", name, node, self.arguments(")"))
                else:
                    node = ("field", node, name, optional)
            elif self.take("["):
                optional = self.take("?") is not None
                node = ("index", node, self.expr(), optional)
                self.need("]")
            else:
                return node

    def arguments(self, end):
        out = []
        if self.take(end):
            return out
        while True:
            out.append(self.expr())
            if self.take(end):
                return out
            self.need(",")

    def elements(self, end, pairs):
        out = []
        while not self.take(end):
            optional = self.take("?") is not None
            item = self.expr()
            if pairs:
                self.need(":")
                item = (item, self.expr())
            out.append((optional, item))
            if not self.is_op(end):
                self.need(",")
        return out

    def primary(self):
        kind_, text = self.tokens[self.at]
        self.at += 1
        if kind_ == "op" and text == "-":
            number = self.number(self.tokens[self.at][1], -1)
            self.at += 1
            return number
        if kind_ == "number":
            return self.number(text, 1)
        if kind_ == "text":
            return ("value", literal_text(text))
        if kind_ == "id" and text in ("true", "false", "null"):
            return ("value", {"true": True, "false": False, "null": None}[text])
        if (kind_, text) == ("op", "("):
            node = self.expr()
            self.need(")")
            return node
        if (kind_, text) == ("op", "["):
            return ("list", self.elements("]", False))
        if (kind_, text) == ("op", "{"):
            return ("map", self.elements("}", True))
        dot = (kind_, text) == ("op", ".")
        if dot:
            kind_, text = self.tokens[self.at]
            self.at += 1
        if kind_ != "id" or text in RESERVED:
            raise SyntaxFault("at %r" % text)
        if self.take("("):
            return ("call", text, None, self.arguments(")"))
        return ("id", text, dot)

    def number(self, text, sign):
        unsigned = text[-1] in "uU"
        value = int(text.rstrip("uU"), 0) if text.startswith("0x") else int(text.rstrip("uU"))
        if unsigned:
            if value > UINT_MAX:
                raise SyntaxFault("range")
            return ("value", UInt(value))
        if not INT_MIN <= sign * value <= INT_MAX:
            raise SyntaxFault("range")
        return ("value", Int(sign * value))


# ---- equality and order ----

def equal(a, b, depth=0):
    if depth > 8:
        raise Error("too deep")
    if isinstance(a, (Int, UInt)) and isinstance(b, (Int, UInt)):
        return int(a) == int(b)
    if kind(a) != kind(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(equal(x, y, depth + 1) for x, y in zip(a, b))
    if isinstance(a, Map):
        if len(a.pairs) != len(b.pairs):
            return False
        return all(b.has(k) and equal(v, b.get(k), depth + 1) for k, v in a.pairs)
    if isinstance(a, Optional):
        return len(a.value) == len(b.value) and all(equal(x, y, depth + 1) for x, y in zip(a.value, b.value))
    if isinstance(a, Version):
        return a.scheme == b.scheme and (a.text == b.text if a.scheme == "opaque" and (a.place is None or b.place is None)
                                         else compare_versions(a, b) == 0)
    if kind(a).startswith("net."):
        return network_key(a) == network_key(b)
    return a == b


def network_key(a):
    """An IPv4 address inside IPv6 is the IPv4 address."""
    if kind(a) == "net.CIDR":
        return (a.version, int(a.ip), a.network.prefixlen)
    mapped = getattr(a, "ipv4_mapped", None)
    return (4, int(mapped)) if mapped is not None else (a.version, int(a))


def order(a, b):
    """Negative, 0 or positive; an error where there is none."""
    if isinstance(a, (Int, UInt)) and isinstance(b, (Int, UInt)):
        return (int(a) > int(b)) - (int(a) < int(b))
    if kind(a) != kind(b) or kind(a) not in ("bool", "string", "bytes", "timestamp", "duration"):
        raise Error("no order")
    if isinstance(a, str):
        a, b = a.encode(), b.encode()
    return (a > b) - (a < b)


# ---- versions ----

SEMVER = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
                    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")


def semver_parts(text):
    return SEMVER.fullmatch(text) if len(text) <= 64 else None


def normalized(text):
    """The tolerant form of semver(text, true): v-prefix, leading zeros, short forms."""
    text = text[1:] if text.startswith("v") else text
    m = re.match(r"[0-9.]*", text)
    numbers, rest = m.group(), text[m.end():]
    parts = numbers.split(".")
    if len(parts) > 3 or not all(p.isdigit() for p in parts):
        return None
    parts = [p.lstrip("0") or "0" for p in parts] + ["0"] * (3 - len(parts))
    return ".".join(parts) + rest


def compare_semver(a, b):
    x, y = semver_parts(a), semver_parts(b)
    for i in (1, 2, 3):
        if int(x.group(i)) != int(y.group(i)):
            return -1 if int(x.group(i)) < int(y.group(i)) else 1
    p, q = x.group(4), y.group(4)
    if p is None or q is None:
        return (p is None) - (q is None)
    p, q = p.split("."), q.split(".")
    for s, t in zip(p, q):
        if s == t:
            continue
        if s.isdigit() and t.isdigit():
            return -1 if int(s) < int(t) else 1
        if s.isdigit() != t.isdigit():
            return -1 if s.isdigit() else 1
        return -1 if s.encode() < t.encode() else 1
    return (len(p) > len(q)) - (len(p) < len(q))


DOTTED = re.compile(r"([0-9]+(?:\.[0-9]+)*)(?:[.-]?(dev|alpha|a|beta|b|rc)([0-9]+))?")
SUFFIXES = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, None: 4}


def dotted_key(text):
    m = DOTTED.fullmatch(text)
    return [int(n) for n in m.group(1).split(".")], SUFFIXES[m.group(2)], int(m.group(3) or 0)


def compare_dotted(a, b):
    x, y = dotted_key(a), dotted_key(b)
    return (x > y) - (x < y)


def debian_part(a, b):
    """The upstream version or the revision, as Debian's policy manual 5.6.12 says it."""
    def letter(c):
        return -1 if c == "~" else 0 if c == "" else ord(c) if c.isalpha() else ord(c) + 256
    while a or b:
        m, n = re.match(r"[^0-9]*", a).group(), re.match(r"[^0-9]*", b).group()
        for i in range(max(len(m), len(n))):
            x, y = letter(m[i:i + 1]), letter(n[i:i + 1])
            if x != y:
                return -1 if x < y else 1
        a, b = a[len(m):], b[len(n):]
        m, n = re.match(r"[0-9]*", a).group(), re.match(r"[0-9]*", b).group()
        if int(m or 0) != int(n or 0):
            return -1 if int(m or 0) < int(n or 0) else 1
        a, b = a[len(m):], b[len(n):]
    return 0


def compare_debian(a, b):
    def split(v):
        epoch, rest = v.split(":", 1) if ":" in v else ("0", v)
        upstream, revision = rest.rsplit("-", 1) if "-" in rest else (rest, "")
        return int(epoch), upstream, revision
    (e, u, r), (f, v, s) = split(a), split(b)
    if e != f:
        return -1 if e < f else 1
    return debian_part(u, v) or debian_part(r, s)


def compare_versions(a, b):
    if a.scheme != b.scheme:
        raise Error("schemes")
    if a.scheme == "semver":
        return compare_semver(a.text, b.text)
    if a.scheme == "number":
        return (int(a.text) > int(b.text)) - (int(a.text) < int(b.text))
    if a.scheme == "debian":
        return compare_debian(a.text, b.text)
    if a.scheme == "dotted":
        return compare_dotted(a.text, b.text)
    if a.place is None or b.place is None:
        raise Error("no order")
    return (a.place > b.place) - (a.place < b.place)


# ---- conversions ----

def time_value(ns):
    if not TIME_MIN <= ns <= TIME_MAX:
        raise Error("range")
    return Time(ns)


def span_value(ns):
    if not INT_MIN <= ns <= INT_MAX:
        raise Error("range")
    return Span(ns)


def int_value(n):
    if not INT_MIN <= n <= INT_MAX:
        raise Error("overflow")
    return Int(n)


def uint_value(n):
    if not 0 <= n <= UINT_MAX:
        raise Error("overflow")
    return UInt(n)


def parse_time(text):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", text, re.A)
    if m is None:
        raise Error("timestamp")
    year, month, day, hour, minute, second = (int(m.group(i)) for i in range(1, 7))
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        raise Error("timestamp")
    if hour > 23 or minute > 59 or second > 59:
        raise Error("timestamp")
    seconds = (date.toordinal() - 719163) * 86400 + hour * 3600 + minute * 60 + second
    if m.group(9):
        h, mi = int(m.group(10)), int(m.group(11))
        if h > 23 or mi > 59:
            raise Error("timestamp")
        seconds -= (1 if m.group(9) == "+" else -1) * (h * 3600 + mi * 60)
    return time_value(seconds * SECOND + int((m.group(7) or "").ljust(9, "0")))


def format_fraction(ns):
    return ("." + ("%09d" % ns).rstrip("0")) if ns else ""


def format_time(t):
    seconds, ns = divmod(int(t), SECOND)
    days, seconds = divmod(seconds, 86400)
    date = datetime.date.fromordinal(days + 719163)
    return "%04d-%02d-%02dT%02d:%02d:%02d%sZ" % (date.year, date.month, date.day, seconds // 3600, seconds // 60 % 60, seconds % 60,
                                                 format_fraction(ns))


UNITS = {"h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND, "ms": 10**6, "us": 10**3, "\u00b5s": 10**3, "\u03bcs": 10**3, "ns": 1}


def parse_span(text):
    m = re.fullmatch(r"([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|\u00b5s|\u03bcs|ns))+|0)", text, re.A)
    if m is None:
        raise Error("duration")
    total = 0
    for whole, fraction, unit in re.findall(r"(\d*)(?:\.(\d*))?(h|ms|m|s|us|\u00b5s|\u03bcs|ns)", m.group(2), re.A):
        scale = UNITS[unit]
        total += int(whole or 0) * scale
        total += int((fraction or "0")) * scale // 10**len(fraction or "0")
    return span_value(-total if m.group(1) == "-" else total)


def zone_seconds(zone):
    if zone == "UTC":
        return 0
    m = re.fullmatch(r"([+-]?)(\d\d):(\d\d)", zone, re.A)
    if m is None or int(m.group(2)) > 23 or int(m.group(3)) > 59:
        raise Error("zone")
    return (-1 if m.group(1) == "-" else 1) * (int(m.group(2)) * 3600 + int(m.group(3)) * 60)


def time_part(name, t, zone):
    ns = int(t) + zone_seconds(zone) * SECOND
    seconds, ns = divmod(ns, SECOND)
    days, seconds = divmod(seconds, 86400)
    ordinal = days + 719163
    if ordinal < 1 or ordinal > datetime.date.max.toordinal():
        year, date = None, None  # a zone may lead out of the years of datetime
    else:
        date = datetime.date.fromordinal(ordinal)
    if name in ("getHours", "getMinutes", "getSeconds", "getMilliseconds"):
        return {"getHours": seconds // 3600, "getMinutes": seconds // 60 % 60, "getSeconds": seconds % 60,
                "getMilliseconds": ns // 10**6}[name]
    if name == "getDayOfWeek":
        return (ordinal % 7 + 7) % 7
    if date is None:
        year, month, day = (0, 12, 31) if ordinal < 1 else (10000, 1, 1)
        day_of_year = 365 if ordinal < 1 else 0  # year 0 is a leap year
    else:
        year, month, day = date.year, date.month, date.day
        day_of_year = (date - datetime.date(year, 1, 1)).days
    return {"getFullYear": year, "getMonth": month - 1, "getDate": day, "getDayOfMonth": day - 1, "getDayOfYear": day_of_year}[name]


def parse_ip(text):
    if "%" in text or "." in text and ":" in text:
        raise Error("ip")  # no zones, and no dotted part in IPv6
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise Error("ip")


def parse_cidr(text):
    address, slash, size = text.partition("/")
    if not re.fullmatch(r"0|[1-9][0-9]*", size):
        raise Error("cidr")
    parse_ip(address)
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        raise Error("cidr")


# ---- evaluation ----

class Machine:
    def __init__(self, variables, scheme=None, text_max=256, entries_max=32, arena=2048):
        self.variables, self.scheme, self.text_max, self.entries_max = variables, scheme, text_max, entries_max
        self.units = arena

    def take(self, units):
        self.units -= units
        if self.units < 0:
            raise Final("arena")

    def run(self, text):
        return self.eval(Parser(text).whole(), {})

    def eval(self, node, scope):
        return getattr(self, "on_" + NAMES.get(node[0], node[0]))(node, scope)

    def made(self, v):
        """A text, list or map that the rule has made."""
        size = len(v.encode()) if isinstance(v, str) else len(v.pairs) if isinstance(v, Map) else len(v)
        if size > (self.text_max if isinstance(v, (str, bytes)) else self.entries_max):
            raise Error("too large")
        return v

    def string(self, v):
        made = to_string(v)
        self.take(0 if kind(v) in ("string", "bytes", "Version") else len(made.encode()))
        return self.made(made)

    def semver(self, text, tolerant=False):
        v = semver_value(text, tolerant)
        self.take(len(v.text) if tolerant else 0)
        return v

    def on_value(self, node, scope):
        return node[1]

    def on_id(self, node, scope):
        if not node[2] and node[1] in scope:
            return scope[node[1]]
        return self.variable(node[1])

    def variable(self, name):
        if name in self.variables:
            v = self.variables[name]
            if isinstance(v, Error):
                raise v
            return v
        if name in TYPES:
            return Type(name)
        raise Error("unknown variable " + name)

    def dotted(self, node, scope):
        """The name of a variable like device.id or net.IP, else None."""
        if node[0] == "field" and not node[3] and node[1][0] == "id" and (node[1][2] or node[1][1] not in scope):
            name = node[1][1] + "." + node[2]
            if name in self.variables or name in TYPES:
                return name
        return None

    def on_field(self, node, scope):
        name = self.dotted(node, scope)
        return self.variable(name) if name is not None else self.look(self.eval(node[1], scope), node[2], node[3], True)

    def on_index(self, node, scope):
        container = self.eval(node[1], scope)
        return self.look(container, self.eval(node[2], scope), node[3], False)

    def look(self, container, key, optional, is_field):
        if isinstance(container, Optional):
            if not container.value:
                return container
            return self.look(container.value[0], key, True, is_field)
        if isinstance(container, Map):
            if kind(key) not in ("bool", "int", "uint", "string"):
                raise Error("key")
            if not container.has(key):
                if optional:
                    return Optional()
                raise Error("no such key")
            value = container.get(key)
        elif isinstance(container, tuple) and not is_field:
            if not isinstance(key, (Int, UInt)):
                raise Error("index")
            if not 0 <= key < len(container):
                if optional:
                    return Optional()
                raise Error("index")
            value = container[int(key)]
        else:
            raise Error("no container")
        return self.present(value) if optional else value

    def present(self, value):
        self.take(16)
        return Optional(value)

    def on_list(self, node, scope):
        out = []
        for optional, item in node[1]:
            v = self.eval(item, scope)
            if optional:
                if not isinstance(v, Optional):
                    raise Error("optional")
                out += v.value
            else:
                out.append(v)
        self.take(16 * len(out))
        return self.made(tuple(out))

    def on_map(self, node, scope):
        pairs = []
        for optional, (key, value) in node[1]:
            k = self.eval(key, scope)
            v = self.eval(value, scope)
            if optional:
                if not isinstance(v, Optional):
                    raise Error("optional")
                if not v.value:
                    continue
                v = v.value[0]
            pairs.append((k, v))
        for i, (k, v) in enumerate(pairs):
            if kind(k) not in ("bool", "int", "uint", "string"):
                raise Error("key")
            if any(equal(k, other) for other, _ in pairs[:i]):
                raise Error("duplicate key")
        self.take(32 * len(pairs))
        return self.made(Map(pairs))

    def on_and(self, node, scope):
        return self.logic(node, scope, False)

    def on_or(self, node, scope):
        return self.logic(node, scope, True)

    def logic(self, node, scope, absorbing):
        error = None
        for part in node[1:]:
            try:
                v = self.eval(part, scope)
                if not isinstance(v, bool):
                    raise Error("bool")
            except Final:
                raise
            except Error as e:
                error = error or e
                continue
            if v == absorbing:
                return absorbing
        if error:
            raise error
        return not absorbing

    def on_choice(self, node, scope):
        v = self.eval(node[1], scope)
        if not isinstance(v, bool):
            raise Error("bool")
        return self.eval(node[2 if v else 3], scope)

    def on_not(self, node, scope):
        v = self.eval(node[1], scope)
        if not isinstance(v, bool):
            raise Error("bool")
        return not v

    def on_neg(self, node, scope):
        v = self.eval(node[1], scope)
        if not isinstance(v, Int):
            raise Error("int")
        return int_value(-int(v))

    def both(self, node, scope):
        a = self.eval(node[1], scope)
        return a, self.eval(node[2], scope)

    def on_equal(self, node, scope):
        return equal(*self.both(node, scope))

    def on_unequal(self, node, scope):
        return not equal(*self.both(node, scope))

    def on_less(self, node, scope):
        return order(*self.both(node, scope)) < 0

    def on_at_most(self, node, scope):
        return order(*self.both(node, scope)) <= 0

    def on_greater(self, node, scope):
        return order(*self.both(node, scope)) > 0

    def on_at_least(self, node, scope):
        return order(*self.both(node, scope)) >= 0

    def on_in(self, node, scope):
        v, container = self.both(node, scope)
        if isinstance(container, tuple):
            return any(equal(v, x) for x in container)
        if isinstance(container, Map):
            if kind(v) not in ("bool", "int", "uint", "string"):
                raise Error("key")
            return container.has(v)
        raise Error("in")

    def on_add(self, node, scope):
        a, b = self.both(node, scope)
        for cls in (Int, UInt):
            if isinstance(a, cls) and isinstance(b, cls):
                return (int_value if cls is Int else uint_value)(int(a) + int(b))
        if isinstance(a, Time) and isinstance(b, Span) or isinstance(a, Span) and isinstance(b, Time):
            return time_value(int(a) + int(b))
        if isinstance(a, Span) and isinstance(b, Span):
            return span_value(int(a) + int(b))
        if kind(a) == kind(b) and kind(a) in ("string", "bytes", "list"):
            both = self.made(a + b)
            self.take(16 * len(both) if isinstance(both, tuple) else len(both.encode()) if isinstance(both, str) else len(both))
            return both
        raise Error("+")

    def on_sub(self, node, scope):
        a, b = self.both(node, scope)
        for cls in (Int, UInt):
            if isinstance(a, cls) and isinstance(b, cls):
                return (int_value if cls is Int else uint_value)(int(a) - int(b))
        if isinstance(a, Time) and isinstance(b, Span):
            return time_value(int(a) - int(b))
        if isinstance(a, Time) and isinstance(b, Time) or isinstance(a, Span) and isinstance(b, Span):
            return span_value(int(a) - int(b))
        raise Error("-")

    def arithmetic(self, node, scope, do):
        a, b = self.both(node, scope)
        for cls in (Int, UInt):
            if isinstance(a, cls) and isinstance(b, cls):
                return (int_value if cls is Int else uint_value)(do(int(a), int(b)))
        raise Error("numbers")

    def on_mul(self, node, scope):
        return self.arithmetic(node, scope, lambda a, b: a * b)

    def on_div(self, node, scope):
        return self.arithmetic(node, scope, divide)

    def on_mod(self, node, scope):
        return self.arithmetic(node, scope, lambda a, b: a - b * divide(a, b, True))

    def on_call(self, node, scope):
        _, name, target, args = node
        macro = getattr(self, "macro_" + name, None)
        if macro is not None and (target is not None) == (name not in ("has",)):
            done = macro(target, args, scope)
            if done is not None:
                return done[0]
        if target is not None and target[0] == "id" and target[1] in ("optional", "cel", "ip") and target[1] not in scope:
            name, target = target[1] + "." + name, None
            if name == "cel.bind":
                return self.eval(args[2], {**scope, args[0][1]: self.eval(args[1], scope)})
        values = [self.eval(a, scope) for a in ([] if target is None else [target]) + args]
        return call(self, name, target is not None, values)

    # macros: None when the arguments are not those of the macro, else (value,)

    def macro_has(self, target, args, scope):
        if len(args) != 1 or args[0][0] != "field":
            raise Error("has")
        name = self.dotted(args[0], scope)
        if name is not None:
            raise Error("has of a variable")
        container = self.eval(args[0][1], scope)
        if isinstance(container, Optional):
            if not container.value:
                return (False,)
            container = container.value[0]
        if not isinstance(container, Map):
            raise Error("has")
        return (container.has(args[0][2]),)

    def elements_of(self, target, scope):
        range_ = self.eval(target, scope)
        if isinstance(range_, Map):
            return [k for k, v in range_.pairs]
        if not isinstance(range_, tuple):
            raise Error("range")
        return list(range_)

    def macro_all(self, target, args, scope):
        return self.quantor(target, args, scope, False)

    def macro_exists(self, target, args, scope):
        return self.quantor(target, args, scope, True)

    def quantor(self, target, args, scope, absorbing):
        error = None
        for e in self.elements_of(target, scope):
            try:
                v = self.eval(args[1], {**scope, args[0][1]: e})
                if not isinstance(v, bool):
                    raise Error("bool")
            except Final:
                raise
            except Error as fault:
                error = error or fault
                continue
            if v == absorbing:
                return (absorbing,)
        if error:
            raise error
        return (not absorbing,)

    def true_of(self, node, scope):
        v = self.eval(node, scope)
        if not isinstance(v, bool):
            raise Error("bool")
        return v

    def macro_exists_one(self, target, args, scope):
        count = sum(self.true_of(args[1], {**scope, args[0][1]: e}) for e in self.elements_of(target, scope))
        return (count == 1,)

    def room_for(self, elements):
        self.take(16 * len(elements))
        return elements

    def macro_filter(self, target, args, scope):
        return (self.made(tuple(e for e in self.room_for(self.elements_of(target, scope))
                                if self.true_of(args[1], {**scope, args[0][1]: e}))),)

    def macro_map(self, target, args, scope):
        out = []
        for e in self.room_for(self.elements_of(target, scope)):
            inside = {**scope, args[0][1]: e}
            if len(args) == 2 or self.true_of(args[1], inside):
                out.append(self.eval(args[-1], inside))
        return (self.made(tuple(out)),)

    def macro_optMap(self, target, args, scope):
        v = self.eval(target, scope)
        if not isinstance(v, Optional):
            raise Error("optional")
        return (self.present(self.eval(args[1], {**scope, args[0][1]: v.value[0]})) if v.value else v,)

    def macro_optFlatMap(self, target, args, scope):
        v = self.eval(target, scope)
        if not isinstance(v, Optional):
            raise Error("optional")
        if not v.value:
            return (v,)
        v = self.eval(args[1], {**scope, args[0][1]: v.value[0]})
        if not isinstance(v, Optional):
            raise Error("optional")
        return (v,)


NAMES = {"&&": "and", "||": "or", "?:": "choice", "==": "equal", "!=": "unequal", "<": "less", "<=": "at_most", ">": "greater",
         ">=": "at_least", "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
TYPES = {"bool", "int", "uint", "string", "bytes", "list", "map", "null_type", "type", "timestamp", "duration", "optional_type", "net.IP",
         "net.CIDR", "google.protobuf.Timestamp", "google.protobuf.Duration"}


def divide(a, b, rest=False):
    """Toward zero. The smallest int has no quotient by -1; its rest is 0."""
    if b == 0:
        raise Error("zero")
    q = abs(a) // abs(b)
    q = q if (a < 0) == (b < 0) else -q
    if rest and q > INT_MAX and a < 0:
        raise Error("overflow")
    return q


def need(ok):
    if not ok:
        raise Error("arguments")


def size_of(v):
    need(isinstance(v, (str, bytes, tuple, Map)) and not isinstance(v, Type))
    return Int(len(v.pairs) if isinstance(v, Map) else len(v))


def to_int(v):
    if isinstance(v, (Int, UInt)):
        return int_value(int(v))
    if isinstance(v, Time):
        return int_value(int(v) // SECOND)
    need(kind(v) == "string" and re.fullmatch(r"[+-]?[0-9]+", v, re.A))
    return int_value(int(v))


def to_uint(v):
    if isinstance(v, (Int, UInt)):
        return uint_value(int(v))
    need(kind(v) == "string" and re.fullmatch(r"\+?[0-9]+", v, re.A))
    return uint_value(int(v))


def to_string(v):
    k = kind(v)
    if k in ("string", "int", "uint"):
        return str(v) if k == "string" else str(int(v))
    if k == "bool":
        return "true" if v else "false"
    if k == "bytes":
        try:
            return v.decode()
        except UnicodeDecodeError:
            raise Error("utf8")
    if k == "timestamp":
        return format_time(v)
    if k == "duration":
        whole, ns = divmod(abs(int(v)), SECOND)
        return ("-" if v < 0 else "") + "%d%ss" % (whole, format_fraction(ns))
    if k == "Version":
        return v.text
    need(k.startswith("net."))
    return str(v)


def to_bool(v):
    if isinstance(v, bool):
        return v
    for value, words in ((True, ("1", "t", "true", "TRUE", "True")), (False, ("0", "f", "false", "FALSE", "False"))):
        if kind(v) == "string" and v in words:
            return value
    raise Error("bool")


def type_of(v):
    return Type({"type": "type"}.get(kind(v), kind(v)))


def is_zero(v):
    return v is None or v is False or v == 0 and isinstance(v, int) and not isinstance(v, Time) or v in ("", b"", ()) \
        or isinstance(v, Map) and not v.pairs


def bucket(device, salt, n):
    need(kind(device) == "string" and kind(salt) == "string" and isinstance(n, Int))
    if n <= 0:
        raise Error("modulo")
    return Int(int.from_bytes(hashlib.sha256(salt.encode() + b"\0" + device.encode()).digest()[:8], "big") % int(n))


def semver_value(text, tolerant=False):
    need(kind(text) == "string" and isinstance(tolerant, bool))
    text = normalized(text) if tolerant else text
    if text is None or semver_parts(text) is None:
        raise Error("semver")
    return Version("semver", text)


def is_semver(*args):
    try:
        semver_value(*args)
        return True
    except Error as e:
        if str(e) != "semver":
            raise
        return False


def is_ip(v, parse):
    need(kind(v) == "string")
    try:
        parse(v)
        return True
    except Error:
        return False


def plain_ip(v):
    need(kind(v) == "net.IP")
    return getattr(v, "ipv4_mapped", None) or v


def contains(network, other, is_address):
    """Of different families: no. The bits below the prefix of the outer do not count."""
    need(kind(network) == "net.CIDR")
    if kind(other) == "string":
        other = (parse_ip if is_address else parse_cidr)(other)
    need(kind(other) == ("net.IP" if is_address else "net.CIDR"))
    inner = plain_ip(other) if is_address else other.ip
    if network.version != inner.version or not is_address and other.network.prefixlen < network.network.prefixlen:
        return False
    return inner in network.network


def part_of(name, v):
    need(kind(v) == "Version" and v.scheme == "semver")
    return int_value(int(semver_parts(v.text).group({"major": 1, "minor": 2, "patch": 3}[name])))


def versions(a, b):
    need(kind(a) == "Version" and kind(b) == "Version")
    return compare_versions(a, b)


def call(machine, name, method, v):
    """A function, or a method whose receiver is the first of @v."""
    if name in ("ip", "cidr", "masked"):
        machine.take(16)
    functions = {
        "size": lambda a: size_of(a), "type": type_of, "dyn": lambda a: a, "bool": to_bool, "int": to_int, "uint": to_uint,
        "string": lambda a: machine.string(a),
        "bytes": lambda a: a if isinstance(a, bytes) else text_bytes(a),
        "duration": lambda a: a if isinstance(a, Span) else parse_span(text(a)),
        "timestamp": lambda a: a if isinstance(a, Time) else time_value(int(a) * SECOND) if isinstance(a, Int) else parse_time(text(a)),
        "optional.of": machine.present, "optional.none": Optional,
        "optional.ofNonZeroValue": lambda a: Optional() if is_zero(a) else machine.present(a),
        "semver": machine.semver, "isSemver": is_semver, "bucket": bucket, "ip": lambda a: parse_ip(text(a)),
        "cidr": lambda a: parse_cidr(text(a)), "isIP": lambda a: is_ip(a, parse_ip), "isCIDR": lambda a: is_ip(a, parse_cidr),
        "ip.isCanonical": lambda a: str(parse_ip(text(a))) == a, "version": lambda a: machine_version(machine, a),
    }
    methods = {
        "size": size_of, "contains": lambda a, b: text(b) in text(a), "startsWith": lambda a, b: text(a).startswith(text(b)),
        "endsWith": lambda a, b: text(a).endswith(text(b)),
        "hasValue": lambda a: len(optional(a).value) > 0, "value": lambda a: some(a), "or": lambda a, b: optional(a) if optional(a).value
        else optional(b), "orValue": lambda a, b: optional(a).value[0] if optional(a).value else b,
        "isLessThan": lambda a, b: versions(a, b) < 0, "isGreaterThan": lambda a, b: versions(a, b) > 0,
        "compareTo": lambda a, b: Int(versions(a, b)), "family": lambda a: Int(plain_ip(a).version),
        "isUnspecified": lambda a: plain_ip(a).is_unspecified, "isLoopback": lambda a: plain_ip(a).is_loopback,
        "isGlobalUnicast": lambda a: global_unicast(plain_ip(a)),
        "isLinkLocalMulticast": lambda a: link_local_multicast(plain_ip(a)), "isLinkLocalUnicast": lambda a: plain_ip(a).is_link_local,
        "containsIP": lambda a, b: contains(a, b, True), "containsCIDR": lambda a, b: contains(a, b, False),
        "prefixLength": lambda a: Int(network(a).network.prefixlen), "ip": lambda a: network(a).ip,
        "masked": lambda a: ipaddress.ip_interface(str(network(a).network)),
    }
    for part in ("major", "minor", "patch"):
        methods[part] = lambda a, part=part: part_of(part, a)
    if name.startswith("get") and method:
        return time_call(name, *v)
    table = methods if method else functions
    if name not in table:
        raise Error("unknown function " + name)
    try:
        return table[name](*v)
    except TypeError as e:
        raise Error("arguments: %s" % e)


def machine_version(machine, a):
    need(machine.scheme is not None)
    if machine.scheme == "semver":
        return semver_value(text(a))
    return Version(machine.scheme, text(a))


def time_call(name, v, zone="UTC"):
    if isinstance(v, Span):
        seconds = abs(int(v)) // SECOND
        scale = {"getHours": 3600, "getMinutes": 60, "getSeconds": 1}
        sign = -1 if v < 0 else 1
        if name == "getMilliseconds":
            return Int(sign * (abs(int(v)) // 10**6 % 1000))
        need(name in scale)
        return Int(sign * (seconds // scale[name]))
    need(isinstance(v, Time))
    return Int(time_part(name, v, text(zone)))


def text(v):
    need(kind(v) == "string")
    return v


def text_bytes(v):
    return text(v).encode()


def optional(v):
    need(isinstance(v, Optional))
    return v


def some(v):
    need(optional(v).value)
    return v.value[0]


def network(v):
    need(kind(v) == "net.CIDR")
    return v


def global_unicast(a):
    if a.version == 4 and str(a) == "255.255.255.255":
        return False
    return not (a.is_unspecified or a.is_loopback or a.is_multicast or a.is_link_local)


def link_local_multicast(a):
    return a in ipaddress.ip_network("224.0.0.0/24") if a.version == 4 else a.packed[0] == 0xff and a.packed[1] & 0x0f == 2
