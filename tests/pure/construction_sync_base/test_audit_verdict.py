"""The chain of seals: what was never touched is never doubted, what was touched always."""

import copy
import dataclasses
import random
import unicodedata
from collections import Counter
from datetime import datetime, timedelta

import pytest

from odoo.addons.construction_sync_base.lib import sealing

from tests.pure.construction_sync_base.sealed_trail import FORGER, SIGNER, Trail


class Attack:
    """Mutations; each returns the first row that is not what it was."""

    def __init__(self, trail):
        self.trail, self.random = trail, trail.random

    def _sealed(self):
        return self.random.choice(sorted(self.trail.leaves.keys() & self.trail.rows.keys()))

    def flip_a_column(self):
        row = self.trail.rows[self._sealed()]
        number = row["id"]
        name = self.random.choice(sorted(row.keys() - {"id"}))
        row[name] = self._other(row[name])
        return number

    def _other(self, value):
        if isinstance(value, datetime):
            return value + timedelta(microseconds=self.random.choice([-1, 1, 86_400_000_000]))
        if isinstance(value, str):
            return value + self.random.choice(" xé")
        return (value or 0) + 1

    def flip_the_text(self):
        kept = sorted(n for n, (_s, text) in self.trail.texts.items() if text is not None)
        number = self.random.choice(kept or [self.flip_a_column()])
        if not kept:
            return number
        salt, text = self.trail.texts[number]
        self.trail.texts[number] = self.random.choice(
            [(salt, text + " "), (salt[1:] + b"x", text), (None, None),
             (salt, unicodedata.normalize("NFD", text))]
        )  # fmt: skip
        return number

    def drop_the_text(self):
        if not self.trail.texts:
            return self.delete_one()
        number = self.random.choice(sorted(self.trail.texts))
        del self.trail.texts[number]
        return number

    def add_a_text(self):
        number = self.random.choice(sorted(self.trail.rows.keys() - self.trail.texts.keys()))
        self.trail.texts[number] = (b"0" * 16, "forged")
        return number

    def delete_one(self):
        number = self._sealed()
        del self.trail.rows[number]
        return number

    def delete_one_and_its_hash(self):
        number = self.delete_one()
        del self.trail.leaves[number]
        return number

    def delete_a_waiting_one(self):
        if not self.trail.waiting:
            return self.delete_one()
        number = self.random.choice(sorted(self.trail.waiting))
        del self.trail.rows[number]
        return number

    def hide_a_waiting_one(self):
        if not self.trail.waiting:
            return self.delete_one()
        number = self.random.choice(sorted(self.trail.waiting))
        self.trail.waiting.discard(number)
        return number

    def insert_one(self):
        number = self.random.choice([58, 59, 68, 69, 200])
        self.trail.write(number)
        self.trail.waiting.discard(number)
        return number

    def insert_one_with_its_hash(self):
        number = self.insert_one()
        seal = self.random.choice(self.trail.seals).number
        self.trail.leaves[number] = (seal, sealing.leaf(self.trail.rows[number]))
        return number

    def swap_two_rows(self):
        rows = self.trail.rows
        one, other = sorted(self.random.sample(sorted(self.trail.leaves), 2))
        rows[one], rows[other] = (
            {**rows[other], "id": one}, {**rows[one], "id": other},
        )  # fmt: skip
        return one

    def swap_two_hashes(self):
        leaves = self.trail.leaves
        one, other = sorted(self.random.sample(sorted(leaves), 2))
        leaves[one], leaves[other] = (leaves[one][0], leaves[other][1]), (
            leaves[other][0], leaves[one][1],
        )  # fmt: skip
        return one

    def move_a_row_to_another_seal(self):
        number = self._sealed()
        seal, stored = self.trail.leaves[number]
        self.trail.leaves[number] = (seal % len(self.trail.seals) + 1, stored)
        return number

    def flip_a_seal(self):
        position = self.random.randrange(len(self.trail.seals))
        seal = self.trail.seals[position]
        name = self.random.choice(
            [f.name for f in dataclasses.fields(seal) if f.name not in ("number", "chain")]
        )
        value = getattr(seal, name)
        if name in ("hash", "previous", "root", "signature", "key_id"):
            value = value[:-2] + ("AA" if value[-2:] != "AA" else "BB")
        elif name == "covers":
            value = value.replace("[", "[1")
        elif name == "retired_through":
            value = position + 1
        else:
            value = self._other(value)
        self.trail.seals[position] = dataclasses.replace(seal, **{name: value})
        if name == "signature" and position < len(self.trail.seals) - 1:
            return self.trail.seals[position + 1].first_id  # the next link does not fit
        return seal.first_id

    def drop_a_seal(self):
        seal = self.trail.seals.pop(self.random.randrange(len(self.trail.seals)))
        return seal.first_id

    def swap_two_seals(self):
        seals = self.trail.seals
        one, other = sorted(self.random.sample(range(len(seals)), 2))
        first = seals[one].first_id
        seals[one], seals[other] = (
            dataclasses.replace(seals[other], number=seals[one].number),
            dataclasses.replace(seals[one], number=seals[other].number),
        )
        return min(first, seals[one].first_id)

    def cut_the_tail(self):
        """Rows, hashes and seals of the end: only the checkpoint remembers."""
        known = self.trail.checkpoints[-1]["seal"]
        keep = self.random.randrange(known)
        gone = [n for n, (seal, _hash) in self.trail.leaves.items() if seal > keep]
        for number in gone:
            del self.trail.rows[number], self.trail.leaves[number]
            self.trail.texts.pop(number, None)
        self.trail.waiting.clear()
        self.trail.rows = {n: r for n, r in self.trail.rows.items() if n in self.trail.leaves}
        self.trail.texts = {n: t for n, t in self.trail.texts.items() if n in self.trail.rows}
        self.trail.seals = self.trail.seals[:keep]
        return None

    def change_and_hash_anew(self):
        """The row and its own hash, not the seal."""
        number = self.flip_a_column()
        seal, _old = self.trail.leaves[number]
        self.trail.leaves[number] = (seal, sealing.leaf(self.trail.rows[number]))
        return self.trail.seals[seal - 1].first_id

    def recompute_from_there(self):
        """The row, its hash and every seal from there on, without the key."""
        number = self.flip_a_column()
        seal, _old = self.trail.leaves[number]
        self.trail.leaves[number] = (seal, sealing.leaf(self.trail.rows[number]))
        self.trail.rehash(seal - 1, self.random.choice([None, FORGER]))
        return self.trail.seals[seal - 1].first_id

    def retire_without_the_key(self):
        self.trail.signer = self.random.choice([None, FORGER])
        through = self.random.randrange(1, len(self.trail.seals) + 1)
        first = min(n for n, (seal, _hash) in self.trail.leaves.items() if seal <= through)
        self.trail.retire(through)
        return first


ATTACKS = sorted(name for name in vars(Attack) if not name.startswith("_"))


def test_a_thousand_mutations_and_none_is_missed():
    """0 false negatives over 1,000 mutations, 0 false positives over as many trails."""
    missed, doubted, tried = [], [], Counter()
    for seed in range(1000):
        trail = Trail(seed)
        if trail.verify():
            doubted.append(seed)
        before = copy.deepcopy((trail.rows, trail.texts, trail.leaves, trail.seals))
        attack = ATTACKS[seed % len(ATTACKS)]
        first = getattr(Attack(trail), attack)()
        tried[attack] += 1
        assert before != (trail.rows, trail.texts, trail.leaves, trail.seals) or (
            attack == "hide_a_waiting_one"
        ), attack
        found = trail.verify()
        if not found or (first is not None and found[0].row > first):
            missed.append((seed, attack, first, found[:3]))
    assert not doubted, "0 false positives"
    assert not missed, missed[:10]
    assert len(tried) == len(ATTACKS) and min(tried.values()) >= 40, tried


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "attack",
    ["flip_a_column", "flip_the_text", "drop_the_text", "delete_one", "delete_one_and_its_hash",
     "insert_one", "swap_two_rows", "hide_a_waiting_one", "add_a_text"],
)  # fmt: skip
def test_the_very_row_is_named(attack, seed):
    """Even without any key a change of rows alone is named exactly."""
    trail = Trail(seed, signed=False)
    first = getattr(Attack(trail), attack)()
    found = trail.verify(publics=None, checkpoints=())
    assert found and found[0].row == first, found


@pytest.mark.parametrize("seed", range(50))
def test_a_cut_tail_needs_the_checkpoint(seed):
    trail = Trail(seed, erased=False)
    Attack(trail).cut_the_tail()
    assert [f.kind for f in trail.verify()] == ["truncated"]
    assert not trail.verify(checkpoints=()), "from inside nothing is missing"


@pytest.mark.parametrize("seed", range(50))
def test_without_keys_a_recomputed_chain_needs_the_checkpoint(seed):
    trail = Trail(seed, signed=False)
    assert not trail.verify(publics=None)
    number = min(trail.rows)
    trail.rows[number]["action"] = "forged"
    trail.leaves[number] = (trail.leaves[number][0], sealing.leaf(trail.rows[number]))
    trail.rehash(trail.leaves[number][0] - 1)
    found = trail.verify(publics=None)
    assert "recomputed" in {f.kind for f in found} and found[0].row <= number
    assert not trail.verify(publics=None, checkpoints=())


@pytest.mark.parametrize("seed", range(50))
def test_a_retired_segment_is_no_finding(seed):
    trail = Trail(seed)
    through = random.Random(seed).randrange(1, len(trail.seals))
    trail.retire(through)
    trail.write(300)
    trail.seal({300})
    assert not trail.verify()
    left = [n for n in trail.leaves if n in trail.rows]
    trail.rows[min(left)]["actor_id"] += 1
    assert trail.verify()[0].row == min(left), "what is left is still watched"


def test_a_new_key_takes_over():
    trail = Trail(3)
    trail.signer = FORGER
    trail.write(300)
    trail.seal({300})
    assert trail.verify()[0].kind == "unsigned"
    assert not trail.verify(sealing.public_keys([SIGNER.public, FORGER.public]))


def test_what_was_sealed_before_the_first_key_stays_good():
    trail = Trail(4, signed=False)
    trail.checkpoints.clear()
    assert trail.verify()[0].kind == "unsigned"
    trail.signer = SIGNER
    trail.write(300)
    trail.seal({300})
    assert not trail.verify()
