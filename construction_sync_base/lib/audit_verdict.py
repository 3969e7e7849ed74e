"""Judges a chain of seals: what does not fit, and which row is the first to be doubted.

The rows themselves are compared where they are (`audit_reader` does it in SQL, or row by
row with `compare`); here come the suspects among them and one `Segment` per seal.
"""

from dataclasses import dataclass

from . import sealing

NO_ROW = 2**31 - 1  # of a finding that doubts no row by itself; such come last


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that does not fit.

    :param row: id of the first row that cannot be trusted because of it. For a seal whose
        hashes were recomputed it is the first row of the seal, for a chain that was
        recomputed the first one after the last seal that can be vouched for
    :param kind: `changed`, `deleted`, `forged`, `text` (detail changed, missing, or erased
        without a record), `segment`, `seal`, `seal_missing`, `unsigned`, `retired`,
        `truncated`, `recomputed`, `checkpoint` (one kept in the database was changed)
    """

    row: int
    kind: str
    chain: int
    seal: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """What the stored hashes of rows say about one seal."""

    covers: str
    rows: int
    root: str


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One row of the trail and what is kept about it; None where it is missing.

    :param text: (salt, text) of the detail; (None, None) when it was erased
    :param erasure: whether the trail records that the detail was erased
    """

    id: int
    chain: int
    row: dict | None
    leaf: bytes | None
    number: int | None
    waiting: bool
    text: tuple | None = None
    erasure: bool = False


def compare(facts):
    """Kind of the finding about one row, or None."""
    if facts.row is None:
        return "deleted"
    if facts.leaf is None:
        if not facts.waiting:
            return "forged"
    elif sealing.leaf(facts.row) != bytes(facts.leaf):
        return "changed"
    digest = facts.row["text_digest"]
    if facts.text is None:
        return None if digest is None else "text"
    salt, text = facts.text
    if digest is None or (salt is None) != (text is None):
        return "text"
    if text is None:
        return None if facts.erasure else "text"
    return None if sealing.text_digest(salt, text) == digest else "text"


def reduce_rows(stream):
    """Suspects and segments of rows that come ordered by (chain, number, id).

    :return: list of `Finding`, dict of `Segment` by (chain, number)
    """
    suspects, leaves = [], {}
    for facts in stream:
        kind = compare(facts)
        if kind:
            suspects.append(Finding(facts.id, kind, facts.chain, facts.number))
        if facts.leaf is not None:
            leaves.setdefault((facts.chain, facts.number), []).append((facts.id, facts.leaf))
    return suspects, {
        key: Segment(
            sealing.span_text(number for number, _leaf in rows),
            len(rows),
            sealing.root(bytes(one) for _number, one in rows),
        )
        for key, rows in leaves.items()
    }


def judge(chain, seals, segments, suspects, publics=None, checkpoints=()):
    """Everything about one chain that does not fit, the first row first.

    :param seals: `sealing.Seal`s of the chain in order of their numbers
    :param segments: {number: Segment} from the stored hashes
    :param suspects: findings about rows of the chain
    :param publics: `sealing.public_keys`; without them signatures are not looked at
    :param checkpoints: statements whose signature was checked (`sealing.read_checkpoint`)
    """
    seals = list(seals)
    findings = list(suspects)
    vouched = _last_vouched(seals, publics) if publics else len(seals)
    findings += _links(chain, seals)
    if vouched < len(seals):
        findings.append(_from(seals, vouched, "unsigned", chain))
    retired = 0
    for position, seal in enumerate(seals):
        if not retired <= seal.retired_through < seal.number:
            findings.append(_at(seals, position, "retired", chain))
        elif position < vouched:
            retired = seal.retired_through
    by_number = {seal.number: seal for seal in seals}
    for seal in seals:
        findings += _segment(chain, seal, segments.get(seal.number), seal.number <= retired)
    for number in segments.keys() - by_number.keys():
        first = sealing.first_of(segments[number].covers)
        findings.append(Finding(first, "seal_missing", chain, number))
    findings += _against(chain, seals, by_number, checkpoints)
    return sorted(set(findings), key=lambda f: (f.row, f.kind, f.seal or 0))


def _last_vouched(seals, publics):
    """How many seals, from the start, the last valid signature vouches for."""
    for position in range(len(seals) - 1, -1, -1):
        seal = seals[position]
        if sealing.is_signed(sealing.seal_statement(seal), seal.signature, publics, seal.key_id):
            return position + 1
    return 0


def _links(chain, seals):
    """Numbers without holes, hashes that fit their content, links that fit."""
    link = sealing.GENESIS
    for position, seal in enumerate(seals):
        if seal.number != position + 1:
            yield _at(seals, position, "seal_missing", chain)
            return
        if seal.chain != chain or seal.previous != link or seal.hash != seal.digest():
            yield _at(seals, position, "seal", chain)
            return
        link = seal.link


def _at(seals, position, kind, chain):
    """A finding at a seal: its first row, or for one without rows the next one."""
    number = seals[position].number
    for seal in seals[position:]:
        if seal.first_id is not None:
            return Finding(seal.first_id, kind, chain, number)
    return Finding(_end(seals[:position]) + 1, kind, chain, number)


def _from(seals, position, kind, chain):
    """A finding at a seal and all after it; late rows make a later one begin lower."""
    rows = [seal.first_id for seal in seals[position:] if seal.first_id is not None]
    at = _at(seals, position, kind, chain)
    return Finding(min(rows, default=at.row), kind, chain, at.seal)


def _end(seals):
    return max((seal.last_id for seal in seals if seal.last_id is not None), default=0)


def _segment(chain, seal, segment, retired):
    """The rows of a seal against the hashes that are stored for them."""
    found = segment or Segment("{}", 0, sealing.root([]))
    if (found.covers, found.rows, found.root) == (seal.covers, seal.rows, seal.root):
        return
    if found.covers != seal.covers:
        named, kept = sealing.span_ids(seal.covers), sealing.span_ids(found.covers)
        if retired and kept <= named:
            return
        different = named ^ kept
        yield Finding(min(different), "deleted" if min(different) in named else "forged",
                      chain, seal.number)  # fmt: skip
    elif not retired:
        first = seal.first_id if seal.first_id is not None else 0
        yield Finding(first, "segment", chain, seal.number)


def _against(chain, seals, by_number, checkpoints):
    """The chain against what was signed about it earlier and kept elsewhere."""
    good = 0
    for known in sorted(checkpoints, key=lambda one: one["seal"]):
        if known["chain"] != chain:
            continue
        seal = by_number.get(known["seal"])
        if seal is None and known["seal"] > (seals[-1].number if seals else 0):
            yield Finding(_end(seals) + 1, "truncated", chain, known["seal"])
            return
        if seal is None or seal.hash != known["hash"]:
            position = next((i for i, one in enumerate(seals) if one.number > good), 0)
            yield _from(seals, position, "recomputed", chain)
            return
        good = known["seal"]
