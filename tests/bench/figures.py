"""What a comparison brought: per round the figure of both sides, and over all rounds the
median of the ratio with its interval."""

import math
import statistics
import sys
from dataclasses import dataclass, field


@dataclass
class Comparison:
    """One line of the table.

    :param unit: of both sides, such as "req/s"
    :param target: what the ratio should reach, as text
    :param alone: True when the figure of our side itself is what the target is about
    """

    title: str
    unit: str
    target: str
    alone: bool = False
    ours: list = field(default_factory=list)
    theirs: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def alternate(self, ours, theirs, rounds):
        """Run the sides in turn, so that what slows the machine slows both."""
        for number in range(1, rounds + 1):
            self.ours.append(ours(number))
            self.theirs.append(theirs(number))
            say(
                f"{self.title}: round {number} of {rounds}, {self.ours[-1]:.4g} ÷ "
                f"{self.theirs[-1]:.4g} {self.unit} = {self.values()[-1]:.2f}"
            )
        return self

    def values(self):
        if self.alone:
            return self.ours
        return [one / other for one, other in zip(self.ours, self.theirs, strict=True)]

    def row(self):
        low, high = interval(self.values())
        median = statistics.median(self.values())
        return (
            self.title,
            f"{statistics.median(self.ours):.4g} {self.unit}",
            f"{statistics.median(self.theirs):.4g} {self.unit}" if self.theirs else "–",
            f"{median:.2f} ({low:.2f}–{high:.2f})",
            self.target,
            str(len(self.ours)),
        )


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def interval(values):
    """95 % interval of the median by order statistics: no distribution is assumed.

    Below six rounds it is all that was seen.
    """
    ordered = sorted(values)
    count = len(ordered)
    cut, tail = 0, 0.5**count
    while cut + 1 <= (count - 1) // 2 and tail + math.comb(count, cut + 1) * 0.5**count <= 0.025:
        cut += 1
        tail += math.comb(count, cut) * 0.5**count
    return ordered[cut], ordered[-1 - cut]


def percentile(values, percent):
    """Nearest rank: the smallest value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def print_table(comparisons, notes=()):
    head = ("ratio", "ours", "theirs", "median (95 % interval)", "target", "rounds")
    rows = [head, *(comparison.row() for comparison in comparisons)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    print()
    for number, row in enumerate(rows):
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        if number == 0:
            print("-|-".join("-" * width for width in widths))
    lines = [f"{c.title}: {note}" for c in comparisons for note in c.notes]
    for line in [*lines, *notes]:
        print(f"  {line}")
    sys.stdout.flush()
