"""What "who can do what" says is what happens."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .approvals import ApprovalCase
from .groups import GROUPS

OPERATIONS = {
    "can_read": "read",
    "can_create": "create",
    "can_write": "write",
    "can_unlink": "unlink",
}


@tagged("post_install", "-at_install")
class TestWhoCan(ApprovalCase, TransactionCase):
    def rows(self, group, prefix="construction_sync_base.group_"):
        found = self.env["construction.right"].search(
            [("group_id", "=", self.env.ref(f"{prefix}{group}").id)]
        )
        return {row.model: row for row in found}

    def test_operations_are_those_of_a_user_of_the_group(self):
        compared = 0
        for group in GROUPS:
            user = self.make_user(f"can-{group}", group)
            rows = self.rows(group)
            for name in self.env["construction.right"]._shown_model_names():
                for field, operation in OPERATIONS.items():
                    said = name in rows and rows[name][field]
                    real = self.env[name].with_user(user).has_access(operation)
                    self.assertEqual(said, real, f"{group} {operation} {name}")
                    compared += 1
        self.assertGreater(compared, 600)

    def test_portal_and_plain_users_have_no_row_of_ours(self):
        for group in ("portal", "user"):
            ours = [name for name in self.rows(group, "base.group_") if "construction." in name]
            self.assertFalse(ours, group)

    def test_checks_in_the_code(self):
        """Each guard is called as each group: refused where the page says no."""
        kinds = {"replay": 0, "resolve": 0, "approve": 0, "release": 0}
        for name, kind, check in (
            ("construction.event", "replay", "_check_operator"),
            ("construction.issue", "resolve", "_check_operator"),
            ("construction.issue", "approve", "_check_overrun"),
            ("construction.budget", "approve", "_check_approver"),
            ("construction.budget", "release", "_check_releaser"),
            ("construction.release.policy", "approve", "_check_finance"),
            ("construction.period", "approve", "_check_finance"),
            ("construction.cost.transfer", "approve", "_check_submitter"),
            ("construction.cost.transfer", "release", "_check_releaser"),
        ):
            for group in GROUPS:
                user = self.make_user(self.unique(f"guard-{group}"), group)
                row = self.rows(group).get(name)
                said = bool(row) and row[f"can_{kind}"]
                try:
                    getattr(self.env[name].with_user(user), check)()
                    real = True
                except AccessError:
                    real = False
                self.assertEqual(said, real, f"{group} {kind} {name}")
                kinds[kind] += said
        self.assertTrue(all(kinds.values()), kinds)

    def test_who_posts(self):
        rows = {group: self.rows(group).get("account.move") for group in GROUPS}
        posts = {group for group, row in rows.items() if row and row.can_post}
        self.assertEqual(posts, {"finance", "payroll"})
        self.assertEqual(
            {group for group in GROUPS if self.rows(group)["construction.event"].can_replay},
            {"integration_manager"},
        )

    def test_the_matrix_is_in_it(self):
        self.assertFalse(self.rows("project_user")["purchase.order"].can_approve)
        self.rule("project_user")
        self.env.invalidate_all()
        self.assertTrue(self.rows("project_user")["purchase.order"].can_approve)

    def test_a_changed_right_shows_at_once(self):
        access = self.env.ref("construction_sync_base.access_construction_cost_type_pu")
        access.perm_unlink = True
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(self.rows("project_user")["construction.cost.type"].can_unlink)

    def test_people_and_limits(self):
        row = self.rows("finance")["construction.budget"]
        self.assertIn(self.finance, row.user_ids)
        self.assertNotIn(self.manager, row.user_ids)
        self.assertEqual(row.user_count, len(row.user_ids))
        self.assertIn("construction.budget: companies", row.limits)
        self.assertIn("project users read their own", self.rows("project_user")
                      ["construction.budget"].limits)  # fmt: skip

    def test_exported_and_read_by_who_should(self):
        for group, allowed in (
            ("auditor", True),
            ("integration_manager", True),
            ("finance", False),
        ):
            user = self.make_user(f"reads-{group}", group)
            Right = self.env["construction.right"].with_user(user)
            self.assertEqual(Right.has_access("read"), allowed, group)
        user = self.make_user("exports", "auditor")
        user.group_ids |= self.env.ref("base.group_allow_export")
        rows = self.env["construction.right"].with_user(user).search([])
        data = rows.export_data(["group_id", "record", "can_post", "people"])["datas"]
        self.assertEqual(len(data), len(rows))
