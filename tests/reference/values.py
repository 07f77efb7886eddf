"""values - values of the rule language from and to the JSON of tests/vectors/cel/README.md."""
import cel


def from_json(v):
    (kind, x), = v.items()
    if kind == "int":
        return cel.Int(x)
    if kind == "uint":
        return cel.UInt(x)
    if kind == "bytes":
        return bytes.fromhex(x)
    if kind == "list":
        return tuple(from_json(e) for e in x)
    if kind == "map":
        return cel.Map([(from_json(k), from_json(e)) for k, e in x])
    if kind == "type":
        return cel.Type({"google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration"}.get(x, x))
    if kind == "timestamp":
        return cel.Time(int(x[0]) * cel.SECOND + x[1])
    if kind == "duration":
        return cel.Span(int(x[0]) * cel.SECOND + x[1])
    if kind == "semver":
        return cel.Version("semver", x)
    assert kind in ("null", "bool", "string"), kind
    return x


def to_json(v):
    kind = cel.kind(v)
    if kind in ("int", "uint"):
        return {kind: str(int(v))}
    if kind == "bytes":
        return {kind: v.hex()}
    if kind == "list":
        return {kind: [to_json(e) for e in v]}
    if kind == "map":
        return {kind: [[to_json(k), to_json(e)] for k, e in v.pairs]}
    if kind in ("timestamp", "duration"):
        seconds = abs(int(v)) // cel.SECOND
        nanos = abs(int(v)) % cel.SECOND
        if v < 0 and kind == "timestamp" and nanos:
            return {kind: [str(-seconds - 1), cel.SECOND - nanos]}
        return {kind: [str(-seconds if v < 0 else seconds), -nanos if v < 0 else nanos]}
    if kind == "Version":
        return {v.scheme: v.text}
    return {"null_type": {"null": None}, "bool": {"bool": v}, "string": {"string": v}}[kind]


def same(a, b):
    """The same value: 1 and 1u are not."""
    if cel.kind(a) != cel.kind(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, cel.Map):
        return len(a.pairs) == len(b.pairs) and all(b.has(k) and same(v, b.get(k)) for k, v in a.pairs)
    return cel.equal(a, b)


def show(v):
    if isinstance(v, cel.Error):
        return "error (%s)" % v
    try:
        return str(to_json(v))
    except KeyError:
        return repr(v)
