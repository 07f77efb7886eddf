"""table - rows of what was done and what came out, printed as they come."""
import contextlib
import textwrap
import time
import traceback

from cluster import Failed

WIDTHS = (7, 40, 76)


class Table:
    """Each row passes or fails; a row that fails ends its case (CaseFailed), which is named in `case`."""

    class CaseFailed(Exception):
        pass

    def __init__(self):
        self.case, self.passed, self.failed = "", 0, 0
        self.put("case", "what was done", "numbers", "result")

    @staticmethod
    def put(case, what, numbers, result):
        columns = [textwrap.wrap(text, width) or [""] for text, width in zip((case, what, numbers), WIDTHS)]
        for i in range(max(map(len, columns))):
            cells = [(c[i] if i < len(c) else "").ljust(width) for c, width in zip(columns, WIDTHS)]
            print("  ".join([*cells, result if i == 0 else ""]).rstrip(), flush=True)

    @contextlib.contextmanager
    def row(self, what):
        """The case did @what in the body, which appends numbers to the list that it gets; an exception of it fails the row."""
        numbers, start = [], time.monotonic()
        try:
            yield numbers
        except Exception as e:  # pylint: disable=broad-except  # whatever it was: the row says so, and the other cases run
            self.failed += 1
            self.put(self.case, what, ", ".join([*numbers, "%.0f s" % (time.monotonic() - start)]), "FAILED")
            text = str(e) if isinstance(e, Failed) else traceback.format_exc()
            print(textwrap.indent(text, "      "), flush=True)
            raise Table.CaseFailed(self.case) from e
        self.passed += 1
        self.put(self.case, what, ", ".join([*numbers, "%.0f s" % (time.monotonic() - start)]), "passed")
