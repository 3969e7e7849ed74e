from datetime import UTC, datetime

from odoo import models

from ..lib import envelope, paths, windows
from ..lib.errors import Malformed


class ConstructionResource(models.Model):
    """What a resource makes of its records, and whom it tells."""

    _inherit = "construction.resource"

    # -------------------------------------------------------------- records
    def _id_of(self, record):
        try:
            return paths.text(self.id_path, record)
        except paths.Unreadable:
            return None

    def _change_of(self, record):
        try:
            return paths.text(self.changed_path, record) if self.changed_path else None
        except paths.Unreadable:
            return None

    def _entries(self, external_id, record):
        """What a record becomes: a list of `Envelope`, or of one `Malformed`.

        :param external_id: what `id_path` finds in it, or None
        """
        if external_id is None:
            return [Malformed(self.env._("there is no id at “%s”", self.id_path))]
        try:
            return getattr(self, f"_entries_of_{self.form}")(external_id, record)
        except Malformed as error:
            error.event_id = error.event_id or external_id[: envelope.MAX_ATTRIBUTE]
            return [error]

    def _entries_of_events(self, _external_id, record):
        return [envelope.parse(record)]

    # ---------------------------------------------------------------- state
    def _succeeded(self, values):
        now = datetime.now(UTC)
        following = windows.next_time(
            now, now, self.interval_minutes, self.opens, self.closes, self.time_zone
        )
        self.write(
            {
                "last_success_at": now.replace(tzinfo=None),
                "next_at": following.replace(tzinfo=None),
                "failures": 0,
                "first_failed_at": False,
                "last_error": False,
                **values,
            }
        )
        self.env["construction.issue"]._close_of(self, ("failing", "refused"))

    # ---------------------------------------------------------------- telling
    def _tell(self, cause, category, severity, message, suggestion):
        self.env["construction.issue"]._tell_of(
            self,
            cause,
            {"category": category, "severity": severity, "message": message,
             "suggestion": suggestion},
        )  # fmt: skip

    def _tell_refused(self, why):
        self._tell(
            "refused",
            "platform_error",
            "high",
            self.env._("%(list)s cannot be read: %(why)s", list=self.display_name, why=why),
            self.env._(
                "Correct the resource or the rights of our account at the platform, then press "
                "“Resume”. It goes on from where it was read up to."
            ),
        )

    def _tell_failing(self, why):
        self._tell(
            "failing",
            "platform_error",
            "high",
            self.env._("%(list)s was not read for long: %(why)s", list=self.display_name, why=why),
            self.env._("It is tried again by itself, and goes on from where it was read up to."),
        )

    def _tell_unreadable(self, run, evidence):
        self._tell(
            "unreadable",
            "malformed",
            "medium",
            self.env._(
                "%(list)s: %(count)s records could not be taken. The first one: %(fault)s",
                list=self.display_name,
                count=run.faulty_count,
                fault=run.fault,
            ),
            self.env._(
                "Open delivery %s to see what came, and correct it at the platform or in the "
                "resource. Then press “Read all”.",
                evidence or "",
            ),
        )

    def _tell_absent(self, run, missing):
        """Many at once: a right was lost. Single ones: somebody has to know."""
        issues = self.env["construction.issue"]
        if run.alarm:
            message = self.env._(
                "%(list)s: %(missing)s of %(known)s known records are not listed any more.",
                list=self.display_name,
                missing=len(missing),
                known=run.known_count,
            )
            advice = self.env._(
                "So many at once mean a right that was lost rather than records: check our "
                "account at the platform. Nothing was changed here."
            )
            self._tell("silent", "platform_error", "high", message, advice)
            return
        issues._close_of(self, ("silent",))
        if not missing:
            issues._close_of(self, ("absent",))
            return
        self._tell(
            "absent",
            "platform_error",
            "low",
            self.env._(
                "%(list)s does not list any more: %(ids)s",
                list=self.display_name,
                ids=", ".join(missing[:20]) + ("…" if len(missing) > 20 else ""),
            ),
            self.env._(
                "Deleted, moved, or not visible to us any more? Ask at the platform. Nothing was "
                "changed here."
            ),
        )
