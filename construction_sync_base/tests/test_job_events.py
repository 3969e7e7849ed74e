"""job.upserted: jobs as the platform sends them."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestJobEvents(SyncCase, TransactionCase):
    def upsert(self, external_id="J1", sequence=None, **over):
        data = self.job_data(external_id, **over)
        return self.event("job.upserted", data=data, sequence=sequence)

    def test_create(self):
        self.process(
            self.upsert(
                status="bid",
                contract_type="gmp",
                time_zone="America/Denver",
                start_date="2026-01-05",
                end_date="2027-03-31",
                manager_email="pm@example.com",
                address={
                    "street": "1 Main St",
                    "city": "Boulder",
                    "zip": "80301",
                    "state": "CO",
                    "country": "US",
                },
                customer={"external_id": "CU1", "name": "City of Boulder", "vat": "X-1"},
            )
        )
        job = self.bound("job", "J1")
        self.assertTrue(job.is_job and job.account_id)
        self.assertEqual(job.company_id, self.company)
        self.assertEqual(
            (job.job_number, job.job_status, job.contract_type, job.time_zone, job.job_city),
            ("26-J1", "bid", "gmp", "America/Denver", "Boulder"),
        )
        self.assertEqual((str(job.date_start), str(job.date)), ("2026-01-05", "2027-03-31"))
        self.assertEqual(job.partner_id, self.bound("customer", "CU1"))
        self.assertFalse(job.user_id)
        self.assertNotIn(self.platform.service_user_id.partner_id, job.message_partner_ids)

    def test_two_jobs_of_one_customer(self):
        customer = {"external_id": "CU1", "name": "City of Boulder"}
        self.process(self.upsert("J1", customer=customer), self.upsert("J2", customer=customer))
        self.process(self.upsert("J3", customer=customer))
        partners = {self.bound("job", name).partner_id for name in ("J1", "J2", "J3")}
        self.assertEqual(len(partners), 1)

    def test_a_customer_that_was_deleted_here_is_made_again(self):
        customer = {"external_id": "CU1", "name": "Owner"}
        self.process(self.upsert("J1", customer=customer))
        job = self.bound("job", "J1")
        partner = job.partner_id
        job.partner_id = job.account_id.partner_id = False
        partner.unlink()
        self.process(self.upsert("J2", customer=customer))
        self.assertEqual(self.bound("job", "J2").partner_id.name, "Owner")
        self.assertEqual(self.bound("customer", "CU1"), self.bound("job", "J2").partner_id)

    def test_an_end_before_the_start_is_an_issue(self):
        event = self.upsert(start_date="2026-05-01", end_date="2026-01-01")
        with mute_logger("odoo.sql_db"):
            self.apply(event)
        issue = self.assertParked(event["id"], "internal")
        self.assertIn("start date must be before its end date", issue.message)

    def test_update(self):
        self.process(self.upsert(sequence=1, end_date="2027-01-01", start_date="2026-01-01"))
        job = self.bound("job", "J1")
        account = job.account_id
        self.process(
            self.upsert(
                sequence=2,
                name="New name",
                number="26-J1-B",
                status="on_hold",
                end_date="2027-06-30",
            )
        )
        self.assertEqual(job.name, "New name")
        self.assertEqual(job.job_number, "26-J1-B")
        self.assertEqual(job.job_status, "on_hold")
        self.assertEqual(job.account_id, account)
        self.assertEqual((str(job.date_start), str(job.date)), ("2026-01-01", "2027-06-30"))

    def test_absent_is_unchanged_and_null_clears(self):
        self.process(self.upsert(sequence=1, time_zone="America/Denver", contract_type="gmp"))
        job = self.bound("job", "J1")
        self.process(self.upsert(sequence=2))
        self.assertEqual((job.time_zone, job.contract_type), ("America/Denver", "gmp"))
        self.process(self.upsert(sequence=3, time_zone=None))
        self.assertEqual((job.time_zone, job.contract_type), (False, "gmp"))

    def test_completion_has_the_platforms_date(self):
        self.process(self.upsert(status="completed", final_completion_on="2026-02-27"))
        job = self.bound("job", "J1")
        self.assertEqual(str(job.completed_on), "2026-02-27")
        self.assertTrue(job.active)

    def test_what_odoo_owns_is_not_overwritten(self):
        self.process(self.upsert(sequence=1, customer={"external_id": "CU1", "name": "Owner"}))
        job = self.bound("job", "J1")
        mine = self.env["res.partner"].create({"name": "Mine"})
        job.write({"partner_id": mine.id, "user_id": self.env.uid})
        self.process(self.upsert(sequence=2, customer={"external_id": "CU2", "name": "Other"}))
        self.assertEqual(job.partner_id, mine)
        self.assertEqual(job.user_id, self.env.user)

    def test_a_policy_gives_fields_and_objects_to_odoo(self):
        self.process(self.upsert(sequence=1))
        job = self.bound("job", "J1")
        policy = self.env.ref("construction_sync_base.policy_job")
        policy.field_ids = [(0, 0, {"name": "name", "owner": "odoo"})]
        self.process(self.upsert(sequence=2, name="Theirs", status="on_hold"))
        self.assertEqual((job.name, job.job_status), ("Job J1", "on_hold"))
        policy.owner = "odoo"
        self.process(
            self.upsert(sequence=3, name="Theirs", status="completed", contract_type="gmp")
        )
        self.assertEqual(job.name, "Job J1")
        self.assertFalse(job.contract_type)
        self.assertEqual(job.job_status, "completed", "the row of the field says platform")

    def test_parents_and_sub_jobs_in_one_batch(self):
        self.process(
            self.upsert("J1-A-1", parent="J1-A"),
            self.upsert("J1-A", parent="J1"),
            self.upsert("J1"),
        )
        job = self.bound("job", "J1-A-1")
        self.assertEqual(job.parent_job_id, self.bound("job", "J1-A"))
        self.assertEqual(job.parent_job_id.parent_job_id, self.bound("job", "J1"))

    def test_a_known_job_moves_under_a_new_parent_of_the_same_batch(self):
        self.process(self.upsert("J2", sequence=1))
        self.process(self.upsert("J2", sequence=2, parent="J9"), self.upsert("J9", sequence=1))
        self.assertEqual(self.bound("job", "J2").parent_job_id, self.bound("job", "J9"))

    def test_a_parent_that_is_null_is_taken_off(self):
        self.process(self.upsert("J1"), self.upsert("J2", parent="J1"))
        self.process(self.upsert("J2"))
        self.assertEqual(self.bound("job", "J2").parent_job_id, self.bound("job", "J1"))
        self.process(self.upsert("J2", parent=None))
        self.assertFalse(self.bound("job", "J2").parent_job_id)

    def test_a_missing_parent_waits_for_it(self):
        child = self.upsert("J1-A", parent="J1")
        self.apply(child)
        self.assertParked(child["id"], "unmapped_reference")
        self.process(self.upsert("J1"))
        self.drain()
        self.assertEqual(self.state(child["id"]), "processed")

    def test_parents_by_number_and_origin(self):
        self.process(self.upsert("J1"))
        parent = self.bound("job", "J1")
        self.process(
            self.upsert("J2", parent={"number": "26-J1"}),
            self.upsert("J3", parent={"origin_id": str(parent.id)}),
        )
        self.assertEqual(self.bound("job", "J2").parent_job_id, parent)
        self.assertEqual(self.bound("job", "J3").parent_job_id, parent)
        number = self.upsert("J4", parent="26-J1")  # a number is never taken for an id
        self.apply(number)
        self.assertParked(number["id"], "unmapped_reference")

    def test_two_jobs_that_are_each_others_parent(self):
        one, two = self.upsert("J1", parent="J2"), self.upsert("J2", parent="J1")
        self.apply(one, two)
        self.assertParked(one["id"], "unmapped_reference")
        self.assertParked(two["id"], "unmapped_reference")

    def test_number_taken(self):
        existing = self.env["project.project"].create(
            {"name": "Typed", "is_job": True, "job_number": "26-J1"}
        )
        event = self.upsert()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        wizard = self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "job_id": existing.id}
        )
        wizard.action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("job", "J1"), existing)
        self.assertEqual(existing.name, "Job J1")

    def test_number_taken_within_the_batch(self):
        one, two = self.upsert("J1", number="26-7"), self.upsert("J2", number="26-7")
        self.apply(one, two)
        self.assertEqual({self.state(one["id"]), self.state(two["id"])}, {"processed", "parked"})

    def test_legal_entity(self):
        second = self.make_company("Second")
        third = self.make_company("Third")
        self.platform.company_ids = self.company | second
        for value, company in (("E2", second), ("E3", third)):
            self.env["construction.crosswalk"].create(
                {
                    "platform_id": self.platform.id,
                    "kind": "legal_entity",
                    "external_value": value,
                    "res_model": "res.company",
                    "res_id": company.id,
                }
            )
        self.process(self.upsert("J1"), self.upsert("J2", legal_entity="E2"))
        self.assertEqual(self.bound("job", "J1").company_id, self.company)
        job = self.bound("job", "J2")
        self.assertEqual(job.company_id, second)
        self.assertEqual(job.account_id.company_id, second)
        for value in ("E3", "E-unknown"):
            event = self.upsert(f"J-{value}", legal_entity=value)
            self.apply(event)
            self.assertParked(event["id"], "ownership_conflict")
        move = self.upsert("J1", legal_entity="E2")
        self.apply(move)
        self.assertParked(move["id"], "ownership_conflict")
        self.assertEqual(self.bound("job", "J1").company_id, self.company)

    def test_a_sub_job_of_another_company(self):
        second = self.make_company("Second")
        self.platform.company_ids = self.company | second
        self.env["construction.crosswalk"].create(
            {
                "platform_id": self.platform.id,
                "kind": "legal_entity",
                "external_value": "E2",
                "res_model": "res.company",
                "res_id": second.id,
            }
        )
        self.process(self.upsert("J1"))
        event = self.upsert("J2", parent="J1", legal_entity="E2")
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")
