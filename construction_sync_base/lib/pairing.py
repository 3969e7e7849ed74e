"""Which typed line stands for which line that a platform sent.

A person who typed a document while its platform was down knew the coding and the
amount, not the platform's line ids. So coding decides, then the amount, then the
text; what stays open after that is a difference, never a guess.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from .names import match_key


@dataclass(frozen=True, slots=True)
class Line:
    """One line of either side.

    :param key: what the caller knows the line by
    :param coding: hashable; lines of different coding are never paired
    :param amount: Decimal, without tax
    """

    key: object
    coding: object
    amount: Decimal
    text: str = ""


@dataclass(slots=True)
class Pairing:
    """:param pairs: list of (typed line, sent line), of one coding"""

    pairs: list
    only_typed: list
    only_sent: list

    @property
    def exact(self):
        """Whether both sides are the same document: every line paired, every amount equal."""
        return not (self.only_typed or self.only_sent or self.unequal)

    @property
    def unequal(self):
        return [(typed, sent) for typed, sent in self.pairs if typed.amount != sent.amount]


def pair(typed, sent):
    """Pair lines by coding, amount and text; by coding and amount, in order; and where
    one line of a coding is left on both sides, by coding alone."""
    pairing = Pairing([], list(typed), list(sent))
    _pair_by(pairing, lambda line: (line.coding, line.amount, match_key(line.text)))
    _pair_by(pairing, lambda line: (line.coding, line.amount))
    left = Counter(line.coding for line in pairing.only_typed)
    right = Counter(line.coding for line in pairing.only_sent)
    alone = {coding for coding, count in left.items() if count == right[coding] == 1}
    _pair_by(pairing, lambda line: line.coding if line.coding in alone else (line.key,))
    return pairing


def _pair_by(pairing, key):
    waiting = {}
    for line in pairing.only_sent:
        waiting.setdefault(key(line), []).append(line)
    only_typed = []
    for line in pairing.only_typed:
        partners = waiting.get(key(line))
        if partners:
            pairing.pairs.append((line, partners.pop(0)))
        else:
            only_typed.append(line)
    paired = {id(sent) for _typed, sent in pairing.pairs}
    pairing.only_typed = only_typed
    pairing.only_sent = [line for line in pairing.only_sent if id(line) not in paired]
