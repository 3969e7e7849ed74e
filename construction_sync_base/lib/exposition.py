"""Prometheus' text format for metrics, version 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/)."""

import math
import re
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KINDS = ("counter", "gauge")
METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(slots=True)
class Family:
    """One metric: its name, kind, meaning, and samples.

    :param samples: list of (dict of labels, number or None); None is left out, for a value
        that cannot be known is not zero
    :raises ValueError: a name or kind that the format does not have
    """

    name: str
    kind: str
    meaning: str
    samples: list = field(default_factory=list)

    def __post_init__(self):
        if self.kind not in KINDS or not METRIC_NAME.fullmatch(self.name):
            raise ValueError(f"no such metric: {self.kind} {self.name}")

    def add(self, value, **labels):
        self.samples.append((labels, value))


def render(families):
    """The text of all families that have a sample.

    :raises ValueError: a label's name is not one, or a sample stands twice
    """
    return "".join(_family(family) for family in families)


def _family(family):
    lines, seen = [], set()
    for labels, value in family.samples:
        if value is None:
            continue
        line = family.name + _labels(labels)
        if line in seen:
            raise ValueError(f"sample stands twice: {line}")
        seen.add(line)
        lines.append(f"{line} {_number(value)}\n")
    if not lines:
        return ""
    meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
    head = f"# HELP {family.name} {meaning}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(lines)


def _labels(labels):
    for name in labels:
        if not LABEL_NAME.fullmatch(name) or name.startswith("__"):
            raise ValueError(f"no name for a label: {name}")
    inside = ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(labels.items()))
    return f"{{{inside}}}" if inside else ""


def _escape(value):
    return str(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
