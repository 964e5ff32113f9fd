"""Samples, summed up and set in tables."""

import math
import statistics
from collections.abc import Iterable, Sequence


def percentile(samples: Sequence[float], fraction: float) -> float:
    """The smallest sample that at least `fraction` of all do not exceed."""
    return sorted(samples)[max(0, math.ceil(len(samples) * fraction) - 1)]


def spread(samples: Sequence[float], form: str = ",.2f") -> list[str]:
    """Median, p90, p99, least and count, for a table."""
    values = (statistics.median(samples), percentile(samples, 0.9), percentile(samples, 0.99), min(samples))
    return [*(format(value, form) for value in values), str(len(samples))]


SPREAD = ["median", "p90", "p99", "min", "n"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a Markdown table: the first column is text, the rest are numbers."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))) + " |"

    print(line(head))
    print("|" + "|".join("-" * (width + 2) if column == 0 else "-" * (width + 1) + ":"
                         for column, width in enumerate(widths)) + "|")
    for row in rows:
        print(line(row))
    print(flush=True)
