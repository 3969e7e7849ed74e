from odoo import api, fields, models

from .construction_issue import OPEN


class ConstructionIssue(models.Model):
    """What went wrong with reading a list: one open issue for each cause, however often it
    happens."""

    _inherit = "construction.issue"

    resource_id = fields.Many2one(
        "construction.resource",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="construction_sync_base.group_integration_manager,"
        "construction_sync_base.group_finance,construction_sync_base.group_auditor",
    )
    resource_cause = fields.Selection(
        [
            ("refused", "Refused"),
            ("failing", "No answer for long"),
            ("silent", "Right lost"),
            ("absent", "Not listed any more"),
            ("unreadable", "Unreadable records"),
        ],
        readonly=True,
    )

    _one_of_resource = models.UniqueIndex(
        "(resource_id, resource_cause) WHERE state IN ('open', 'in_progress')"
        " AND resource_id IS NOT NULL",
        "This issue of the resource is open already.",
    )

    @api.model
    def _tell_of(self, resource, cause, values):
        """Open the issue of a resource's trouble, or refresh the one that is open.

        :param values: category, severity, message and suggestion
        """
        issue = self.search(
            [
                ("resource_id", "=", resource.id),
                ("resource_cause", "=", cause),
                ("state", "in", OPEN),
            ]
        )
        if issue:
            refreshed = {key: values[key] for key in ("message", "suggestion")}
            issue.with_context(tracking_disable=True).write(refreshed)
            return issue
        return self._open_issues(
            [
                values
                | {
                    "resource_id": resource.id,
                    "resource_cause": cause,
                    "platform_id": resource.platform_id.id,
                    "company_id": resource.company_id.id,
                    "blocking": False,
                }
            ]
        )

    @api.model
    def _close_of(self, resources, causes):
        """What was wrong is over."""
        self.search(
            [
                ("resource_id", "in", resources.ids),
                ("resource_cause", "in", causes),
                ("state", "in", OPEN),
            ]
        )._close("resolved")
