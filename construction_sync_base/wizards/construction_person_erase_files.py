import re

from odoo import models
from odoo.tools import SQL

from ..lib import attachment, strict_json
from ..models.construction_event import UNFINISHED

HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
LINK_TEXTS = ("filename", "url")
DIFF_TEXTS = ("document", "value_now", "value_then")
# what was applied is noted with the file; what waits is read
USES = """
    SELECT e.id, e.platform_id, e.company_id, e.state = ANY(%s), e.erased_at IS NOT NULL, %s,
           CASE WHEN e.state = ANY(%s) THEN e.payload END,
           (SELECT array_agg(l.sha256) FROM construction_file_link l
              JOIN construction_file_link_event_rel r ON r.link_id = l.id
             WHERE r.event_id = e.id AND l.sha256 IS NOT NULL)
      FROM construction_event e
     WHERE e.id IN (SELECT r.event_id FROM construction_file_link_event_rel r
                      JOIN construction_file_link l ON l.id = r.link_id
                     WHERE l.sha256 = ANY(%s))
        OR (e.state = ANY(%s) AND e.subject NOT LIKE 'file/%%'
            AND (e.payload ILIKE ANY(%s) OR e.payload LIKE '%%"content_base64"%%'))
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
        addresses = self._find_addresses(links)
        return [*lines, *links, *files, *addresses, *self._find_diffs(person, holds)]

    def _whole(self):
        return {*super()._whole(), "construction.file", "ir.attachment"}

    def _find_links(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT l.id, EXISTS (SELECT FROM construction_event e
                                          JOIN construction_file_link_event_rel r
                                            ON r.event_id = e.id
                                         WHERE r.link_id = l.id AND %s),
                          l.filename, l.url FROM construction_file_link l
                    WHERE l.company_id = ANY(%s)""",
                holds._events("e"), self._companies(),
            ),
            LINK_TEXTS, "l", person,
        )  # fmt: skip
        return [
            self._line("construction.file.link", link_id, name, self._kept(held, False))
            for link_id, held, name, _url in rows
        ]

    def _find_files(self, person, holds, event_ids, link_ids):
        """Files that the operator names or that only events of the person name."""
        named = {term.lower() for term in person.terms if HASH.fullmatch(term)}
        named |= {
            row[0] for row in self.env.execute_query(
                SQL("SELECT sha256 FROM construction_file_link WHERE id = ANY(%s)"
                    " AND sha256 IS NOT NULL", link_ids)
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
            name = f"{sha256} {received:%Y-%m-%d %H:%M:%S}"
            lines.append(self._line("construction.file", file_id, name, kept))
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
            SQL(
                """SELECT l.sha256 FROM construction_file_link l
                     JOIN construction_file_link_event_rel r ON r.link_id = l.id
                    WHERE r.event_id = ANY(%s) AND l.sha256 IS NOT NULL""",
                list(event_ids),
            )
        )
        return found | {row[0] for row in rows}

    def _uses(self, holds, hashes):
        """{(platform, hash): events that name the file}, of every company."""
        if not hashes:
            return {}
        rows = self.env.execute_query(
            SQL(
                USES, list(UNFINISHED), holds._events("e"), list(UNFINISHED), list(hashes),
                list(UNFINISHED), [f"%{one}%" for one in hashes],
            )
        )  # fmt: skip
        result = {}
        for event_id, platform_id, company_id, unfinished, erased, held, payload, linked in rows:
            use = {
                "id": event_id, "company_id": company_id, "unfinished": unfinished,
                "erased": erased, "held": held,
            }  # fmt: skip
            data = strict_json.loads(payload.encode())["data"] if payload else {}
            for one in attachment.hashes(data) | set(linked or ()):
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

    def _find_addresses(self, links):
        """The attachments that open the addresses of the links found."""
        kept = {line["res_id"]: line["kept"] for line in links}
        rows = self.env.execute_query(
            SQL(
                """SELECT a.id, a.name, l.id FROM construction_file_link l
                     JOIN ir_attachment a ON a.res_model = l.res_model AND a.res_id = l.res_id
                      AND a.type = 'url' AND a.url = l.url
                    WHERE l.id = ANY(%s) ORDER BY a.id""",
                list(kept),
            )
        )
        return [
            self._line("ir.attachment", row_id, name, kept[link]) for row_id, name, link in rows
        ]

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
            "construction_file_link", LINK_TEXTS, ids.get("construction.file.link", []),
            person, pseudonym,
        )  # fmt: skip
        self.env["construction.file"].sudo().browse(ids.get("construction.file", []))._erase()
        self.env["ir.attachment"].sudo().browse(ids.get("ir.attachment", [])).unlink()
        self._erase_diffs(ids.get("construction.change.diff", []), person, pseudonym)
        return done

    def _erase_events(self, ids, person, pseudonym):
        """What an event carried in base64 goes as well: nobody can find a name in it."""
        done = super()._erase_events(ids, person, pseudonym)
        rows = self.env.execute_query(
            SQL(
                """SELECT id, payload FROM construction_event
                    WHERE id = ANY(%s) AND payload LIKE '%%"content_base64"%%'""",
                ids,
            )
        )
        emptied = []
        for _event_id, payload in rows:
            event = strict_json.loads(payload.encode())
            for file in attachment.entries(event["data"]):
                if file.get("content_base64"):
                    file["content_base64"] = None
            emptied.append(strict_json.dumps(event))
        self.env.cr.execute(
            "UPDATE construction_event e SET payload = v.payload"
            "  FROM unnest(%s::int[], %s::text[]) AS v (id, payload) WHERE e.id = v.id",
            ([row[0] for row in rows], emptied),
        )
        return done

    def _erase_diffs(self, ids, person, pseudonym):
        """Both values go whole: beside a name stand addresses and numbers."""
        self._rewrite("construction_change_diff", ("document",), ids, person, pseudonym)
        self.env.cr.execute(
            "UPDATE construction_change_diff SET value_now = CASE WHEN value_now <> '' THEN %s END,"
            " value_then = CASE WHEN value_then <> '' THEN %s END WHERE id = ANY(%s)",
            (pseudonym, pseudonym, ids),
        )
