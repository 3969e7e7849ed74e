"""What was typed while the platform was down, for the tests that bind it to the later event."""

from .domain import DomainCase


class TypedCase(DomainCase):
    def choose(self, issue, record=None, user=None):
        """Answer “Which one is it?” with a record, or with a new one."""
        action = issue.with_user(user or self.env.user).action_choose_dialog()
        wizard = self.env[action["res_model"]].with_user(user or self.env.user)
        wizard = wizard.browse(action["res_id"])
        if record is None:
            return wizard.action_make_new()
        found = wizard.candidate_ids.filtered(
            lambda c: (c.res_model, c.res_id) == (record._name, record.id)
        )
        self.assertTrue(found, wizard.candidate_ids.mapped("name"))
        return found.action_bind()

    def sent_code(self, code):
        """The cost code that an event made; the shared one of the builders is another."""
        return self.env["construction.cost.code"].search(
            [("code", "=", code), ("company_id", "=", self.company.id)]
        )

    def adopted(self, record):
        rows = self.env["construction.audit"].search(
            [("model", "=", record._name), ("res_id", "=", record.id)]
        )
        return rows.filtered(lambda row: row.action == "record_adopted")
