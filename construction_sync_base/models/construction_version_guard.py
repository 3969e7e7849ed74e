import functools

from odoo import models

from ..lib import ordering


class ConstructionVersionGuard(models.AbstractModel):
    """Decides by version which claimed events are applied: an older snapshot never
    overwrites a newer one, and a movement waits for what came before it."""

    _name = "construction.version.guard"
    _description = "Version Guard"

    def _decide(self, platform_id, rows):
        """Settle by version what is superseded, blocked or a duplicate.

        :return: ids of older parked or pending snapshots that these rows replace
        """
        subjects = list({row["subject"] for row in rows})
        mine = {row["id"] for row in rows}
        others = self._unfinished(platform_id, subjects, mine)
        applied = self._applied(platform_id, subjects)
        partitions = {}
        for row in rows:
            handler = self.env["construction.handler"]._for_type(row["type"])
            row["handler"] = handler._name if handler is not None else None
            row["replaces"] = handler._replaces if handler is not None else False
            row["passes_parked"] = handler._passes_parked if handler is not None else False
            partitions.setdefault(row["subject"], []).append(row)
        replaced = []
        for subject, group in partitions.items():
            group.sort(key=functools.cmp_to_key(by_version))
            replaced += self._decide_partition(group, others.get(subject, []), applied.get(subject))
        return replaced

    def _unfinished(self, platform_id, subjects, mine):
        self.env.cr.execute(
            """
            SELECT id, subject, type, sequence, time, state, data_digest
              FROM construction_event
             WHERE platform_id = %s AND subject = ANY(%s)
               AND state IN ('pending', 'parked', 'dead')
            """,
            (platform_id, subjects),
        )
        others = {}
        for row in self.env.cr.dictfetchall():
            if row["id"] not in mine:
                handler = self.env["construction.handler"]._for_type(row["type"])
                row["replaces"] = handler._replaces if handler is not None else False
                others.setdefault(row["subject"], []).append(row)
        return others

    def _applied(self, platform_id, subjects):
        """The newest version applied per subject."""
        self.env.cr.execute(
            """
            SELECT subject, version AS sequence, version_time AS time,
                   content_digest AS data_digest
              FROM construction_binding
             WHERE platform_id = %s AND subject = ANY(%s)
            """,
            (platform_id, subjects),
        )
        newest = {}
        for row in self.env.cr.dictfetchall():
            row["id"] = 0
            best = newest.get(row["subject"])
            if best is None or by_version(row, best) > 0:
                newest[row["subject"]] = row
        return newest

    def _decide_partition(self, group, others, applied):
        replaced = []
        for position, row in enumerate(group):
            if row["handler"] is None:
                continue
            if row["replaces"]:
                twins = [
                    other
                    for other in group[:position] + others
                    if other["replaces"] and _same_sequence(other, row) and other["id"] < row["id"]
                ]
                verdict = self._verdict(row, twins[0] if twins else applied)
                if verdict is None:
                    newer = [
                        other
                        for other in group[position + 1 :] + others
                        if other["replaces"]
                        and other.get("state") != "dead"
                        and not other.get("outcome")
                        and not _same_sequence(other, row)
                        and by_version(other, row) > 0
                    ]
                    verdict = "superseded" if newer else None
                if verdict:
                    row["outcome"] = (verdict, None, None)
                    continue
            earlier = [other for other in others if by_version(other, row) < 0]
            if row["replaces"]:
                replaced += [other["id"] for other in earlier if other["replaces"]]
            holding = [other for other in earlier if self._holds(other, row, applied)]
            if holding:
                row["outcome"] = ("blocked", None, holding[0]["id"])
        return replaced

    def _holds(self, other, row, applied):
        """Whether `row` waits for the earlier, unfinished `other`. A snapshot takes the
        place of earlier ones; one that is older than what was applied, or parked as its
        duplicate, is never applied itself and holds nobody."""
        if row["passes_parked"] and other["state"] == "parked":
            return False
        if other["replaces"]:
            return not row["replaces"] and not self._verdict(other, applied)
        return True

    def _verdict(self, row, applied):
        """'superseded' or 'duplicate' when a snapshot is not newer than what was applied.
        One that is replayed passes when it is what was applied."""
        if applied is None:
            return None
        same = row["data_digest"] == applied["data_digest"]
        if row.get("replaying") and same and not _compare(row, applied):
            return None
        verdict = ordering.decide(
            _version(row), row["data_digest"], _version(applied), applied["data_digest"], True
        )
        return None if verdict == ordering.APPLY else verdict


def _version(row):
    return ordering.Version(row["sequence"], row["time"])


def _same_sequence(one, other):
    return bool(one["sequence"]) and one["sequence"] == other["sequence"]


def _compare(one, other):
    return ordering.compare(_version(one), _version(other))


def by_version(one, other):
    """Version order; arrival decides between equals."""
    return _compare(one, other) or one["id"] - other["id"]
