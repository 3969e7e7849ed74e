"""A trail with its seals and checkpoints in memory, for the tests of sealing and verdicts."""

import dataclasses
import random
from datetime import datetime, timedelta

from odoo.addons.construction_sync_base.lib import audit_verdict, sealing
from odoo.addons.construction_sync_base.lib.audit_verdict import RowFacts

SIGNER = sealing.Signer(sealing.Signer.new_key())
FORGER = sealing.Signer(sealing.Signer.new_key())
PUBLICS = sealing.public_keys([SIGNER.public])
START = datetime(2026, 3, 2, 10, 0, 0, 123456)
CHAIN = 1


class Trail:
    """A small audit with everything that stands in its tables, in memory."""

    def __init__(self, seed, signed=True, erased=True):
        self.random = random.Random(seed)
        self.signer = SIGNER if signed else None
        self.rows, self.texts, self.leaves, self.waiting, self.seals = {}, {}, {}, set(), []
        self.checkpoints = []
        late = set()
        for number in range(1, self.random.randint(30, 60)):
            self.write(number)
            if self.random.random() < 0.1:
                late.add(number)  # its transaction commits later
            elif self.random.random() < 0.15:
                self.seal(self.waiting - late)
                late = {one for one in late if self.random.random() < 0.5}
        self.seal(self.waiting - late)
        self.checkpoint()
        for number in range(60, 60 + self.random.randint(1, 9)):
            self.write(number)
        self.seal(set(self.random.sample(sorted(self.waiting), len(self.waiting) // 2)))
        for number in range(70, 70 + self.random.randint(0, 4)):
            self.write(number)
        if erased:
            self.erase()

    def write(self, number, action="event_processed", res_id=None):
        text = f"Förster {number}" if self.random.random() < 0.4 else None
        salt = self.random.randbytes(16)
        self.rows[number] = {
            "id": number, "company_id": CHAIN, "model": "construction.audit" if res_id else "x.y",
            "res_id": res_id or number, "action": action, "actor_id": 7,
            "event_id": self.random.choice([None, number]),
            "at": START + timedelta(seconds=number),
            "text_digest": sealing.text_digest(salt, text) if text else None,
        }  # fmt: skip
        if text:
            self.texts[number] = (salt, text)
        self.waiting.add(number)

    def seal(self, ids, **over):
        ids = sorted(ids)
        if not ids and not over:
            return
        last = self.seals[-1] if self.seals else None
        number = last.number + 1 if last else 1
        for one in ids:
            self.leaves[one] = (number, sealing.leaf(self.rows[one]))
        self.waiting -= set(ids)
        values = {
            "chain": CHAIN,
            "number": number,
            "covers": sealing.span_text(ids),
            "rows": len(ids),
            "root": sealing.root(self.leaves[one][1] for one in ids),
            "first_at": min((self.rows[one]["at"] for one in ids), default=None),
            "last_at": max((self.rows[one]["at"] for one in ids), default=None),
            "sealed_at": START + timedelta(hours=number),
            "previous": last.link if last else sealing.GENESIS,
            "retired_through": last.retired_through if last else 0,
            "key_id": self.signer.key_id if self.signer else None,
            **over,
        }
        self.seals.append(self.signed(sealing.Seal(**values)))

    def signed(self, seal):
        seal = dataclasses.replace(seal, hash=seal.digest())
        if not self.signer:
            return seal
        return dataclasses.replace(seal, signature=self.signer.sign(sealing.seal_statement(seal)))

    def checkpoint(self):
        head = self.seals[-1]
        text = sealing.checkpoint(head, rows=len(self.leaves), database="db", at=START)
        signature = sealing.sign_checkpoint(SIGNER, text)
        exported = sealing.checkpoint_file(text, signature, SIGNER.public)
        self.checkpoints.append(sealing.read_checkpoint(exported, PUBLICS))

    def erase(self):
        number = self.random.choice(sorted(self.texts) or [None])
        if number:
            self.texts[number] = (None, None)
            self.write(90, "detail_erased", number)

    def retire(self, through):
        """Retention: the rows go, the seals stay, and a signed seal says so."""
        self.seal([], retired_through=through)
        for number in [n for n, (seal, _hash) in self.leaves.items() if seal <= through]:
            del self.rows[number], self.leaves[number]
            self.texts.pop(number, None)

    def rehash(self, start, signer=None):
        """What somebody with the database in hand does: compute all seals anew."""
        self.signer = signer
        old, self.seals = self.seals[start:], self.seals[:start]
        for seal in old:
            ids = [n for n, (number, _hash) in self.leaves.items() if number == seal.number]
            self.seal(ids, retired_through=seal.retired_through)

    def facts(self):
        erased = {row["res_id"] for row in self.rows.values() if row["action"] == "detail_erased"}
        ids = self.rows.keys() | self.leaves.keys() | self.waiting
        for one in sorted(ids, key=lambda n: (self.leaves.get(n, (99,))[0], n)):
            number, stored = self.leaves.get(one, (None, None))
            yield RowFacts(
                one, CHAIN, self.rows.get(one), stored, number, one in self.waiting,
                self.texts.get(one), one in erased,
            )  # fmt: skip

    def verify(self, publics=PUBLICS, checkpoints=None):
        suspects, segments = audit_verdict.reduce_rows(self.facts())
        return audit_verdict.judge(
            CHAIN,
            sorted(self.seals, key=lambda seal: seal.number),
            {number: segment for (_chain, number), segment in segments.items()},
            suspects,
            publics,
            self.checkpoints if checkpoints is None else checkpoints,
        )
