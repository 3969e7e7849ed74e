import re

from odoo import models
from odoo.tools import SQL

from ..models.construction_event import UNFINISHED

HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
DIFF_TEXTS = ("document", "value_now", "value_then")
# found in the payload beside the events that a link names: they may not be applied yet
USES = """
    SELECT e.id, e.platform_id, e.company_id, e.state, e.erased_at IS NOT NULL, %s,
           e.payload, (SELECT array_agg(l.sha256) FROM construction_file_link l
                        WHERE l.event_id = e.id)
      FROM construction_event e
     WHERE e.subject NOT LIKE 'file/%%'
       AND (e.payload ILIKE ANY(%s)
            OR e.id IN (SELECT l.event_id FROM construction_file_link l WHERE l.sha256 = ANY(%s)))
"""


class ConstructionPersonErase(models.TransientModel):
    """Files that a platform sent, their names on documents, and the differences that dry
    runs and replays found.

    A file goes as a whole where the operator names it, by its file name or its SHA-256, or
    where every event that names it is erased. Its attachment on a document goes with a
    named file only: a document of Odoo is not touched because somebody approved it.
    """

    _inherit = "construction.person.erase"

    def _find(self, person):
        lines = super()._find(person)
        holds = self.env["construction.legal.hold"]._active()
        events = [line["res_id"] for line in lines if line["model"] == "construction.event"]
        links = self._find_links(person, holds)
        files = self._find_files(person, holds, events, [line["res_id"] for line in links])
        return [*lines, *links, *files, *self._find_diffs(person, holds)]

    def _whole(self):
        return {*super()._whole(), "construction.file", "ir.attachment"}

    def _find_links(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT l.id, COALESCE(%s, FALSE), COALESCE(e.state = ANY(%s), FALSE),
                          l.filename FROM construction_file_link l
                     LEFT JOIN construction_event e ON e.id = l.event_id
                    WHERE l.company_id = ANY(%s)""",
                holds._events("e"), list(UNFINISHED), self._companies(),
            ),
            ("filename",), "l", person,
        )  # fmt: skip
        return [
            self._line("construction.file.link", link_id, name, self._kept(held, unfinished))
            for link_id, held, unfinished, name in rows
        ]

    def _find_files(self, person, holds, event_ids, link_ids):
        """Files that the operator names or that only events of the person name."""
        named = {term.lower() for term in person.terms if HASH.fullmatch(term)}
        named |= {
            row[0] for row in self.env.execute_query(
                SQL("SELECT sha256 FROM construction_file_link WHERE id = ANY(%s)", link_ids)
            )
        }  # fmt: skip
        candidates = sorted(named | self._hashes_of(event_ids))
        files = self.env.execute_query(
            SQL(
                """SELECT f.id, f.platform_id, f.sha256, f.received_at, %s
                     FROM construction_file f
                    WHERE f.company_id = ANY(%s) AND f.sha256 = ANY(%s) AND f.erased_at IS NULL
                    ORDER BY f.id""",
                holds._files("f"), self._companies(), candidates,
            )
        )  # fmt: skip
        uses = self._uses(holds, [row[2] for row in files])
        lines = []
        for file_id, platform_id, sha256, received, held in files:
            events = uses.get((platform_id, sha256), ())
            others = [use for use in events if use["id"] not in event_ids and not use["erased"]]
            if others and sha256 not in named:
                continue
            kept = self._kept_file(held, events)
            lines.append(self._line("construction.file", file_id, f"{sha256} {received}", kept))
            if sha256 in named:
                lines += self._find_copies(file_id, kept)
        return lines

    def _kept_file(self, held, events):
        companies = self._companies()
        if any(use["company_id"] not in companies for use in events):
            return self.env._("An event of a company that is not switched on names it.")
        return self._kept(
            held or any(use["held"] for use in events), any(use["unfinished"] for use in events)
        )

    def _hashes_of(self, event_ids):
        rows = self.env.execute_query(
            SQL("SELECT payload FROM construction_event WHERE id = ANY(%s)", list(event_ids))
        )
        found = {one.lower() for (payload,) in rows for one in HASH.findall(payload or "")}
        rows = self.env.execute_query(
            SQL("SELECT sha256 FROM construction_file_link WHERE event_id = ANY(%s)",
                list(event_ids))
        )  # fmt: skip
        return found | {row[0] for row in rows}

    def _uses(self, holds, hashes):
        """{(platform, hash): events that name the file}, of every company."""
        if not hashes:
            return {}
        rows = self.env.execute_query(
            SQL(USES, holds._events("e"), [f"%{one}%" for one in hashes], list(hashes))
        )
        result = {}
        for event_id, platform_id, company_id, state, erased, held, payload, linked in rows:
            use = {
                "id": event_id, "company_id": company_id, "unfinished": state in UNFINISHED,
                "erased": erased, "held": held,
            }  # fmt: skip
            for one in {*(h.lower() for h in HASH.findall(payload or "")), *(linked or ())}:
                result.setdefault((platform_id, one), []).append(use)
        return result

    def _find_copies(self, file_id, kept):
        """The attachments that documents got of the file."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT a.id, a.name FROM construction_file f
                     JOIN ir_attachment c ON c.res_model = 'construction.file'
                      AND c.res_field = 'content' AND c.res_id = f.id
                     JOIN construction_file_link l
                       ON l.platform_id = f.platform_id AND l.sha256 = f.sha256
                     JOIN ir_attachment a ON a.res_model = l.res_model AND a.res_id = l.res_id
                      AND a.res_field IS NULL AND a.checksum = c.checksum
                    WHERE f.id = %s ORDER BY a.id""",
                file_id,
            )
        )
        return [self._line("ir.attachment", row_id, name, kept) for row_id, name in rows]

    def _find_diffs(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT d.id, d.field_name, COALESCE(%s, FALSE), d.document, d.value_now,
                          d.value_then FROM construction_change_diff d
                     LEFT JOIN construction_event e ON e.id = d.event_id
                    WHERE COALESCE(d.company_id, 0) = ANY(%s)""",
                holds._events("e"), [0, *self._companies()],
            ),
            DIFF_TEXTS, "d", person,
        )  # fmt: skip
        return [
            self._line(
                "construction.change.diff", row_id,
                ": ".join(filter(None, (document, field))), self._kept(held, False),
            )
            for row_id, field, held, document, _now, _then in rows
        ]  # fmt: skip

    # ---------------------------------------------------------------- erase
    def _erase(self, ids, person, pseudonym):
        done = super()._erase(ids, person, pseudonym)
        self._rewrite(
            "construction_file_link", ("filename",), ids.get("construction.file.link", []),
            person, pseudonym,
        )  # fmt: skip
        self.env["construction.file"].sudo().browse(ids.get("construction.file", []))._erase()
        self.env["ir.attachment"].sudo().browse(ids.get("ir.attachment", [])).unlink()
        self._erase_diffs(ids.get("construction.change.diff", []), person, pseudonym)
        return done

    def _erase_diffs(self, ids, person, pseudonym):
        """Both values go whole: beside a name stand addresses and numbers."""
        self._rewrite("construction_change_diff", ("document",), ids, person, pseudonym)
        self.env.cr.execute(
            "UPDATE construction_change_diff SET value_now = CASE WHEN value_now <> '' THEN %s END,"
            " value_then = CASE WHEN value_then <> '' THEN %s END WHERE id = ANY(%s)",
            (pseudonym, pseudonym, ids),
        )
