"""A job or a vendor typed while the platform was down is bound to the later event, or is a
question."""

from odoo.tests import TransactionCase, tagged

from .typed import TypedCase


@tagged("post_install", "-at_install")
class TestTypedJob(TypedCase, TransactionCase):
    def upsert(self, **over):
        return self.event("job.upserted", data=self.job_data(**over), sequence=1)

    def jobs(self):
        return self.env["project.project"].with_context(active_test=False).search(
            [("is_job", "=", True), ("job_number", "=ilike", "26-J1")]
        )  # fmt: skip

    def test_exact_whatever_case_and_blanks(self):
        job = self.make_job("26-j1", name="JOB  J1")
        event = self.upsert(status="on_hold")
        self.process(event)
        self.assertEqual(self.bound("job", "J1"), job)
        self.assertEqual(self.jobs(), job)
        self.assertEqual((job.job_status, job.job_number), ("on_hold", "26-J1"))
        self.assertEqual(len(self.adopted(job)), 1)
        self.assertEqual(self.send(event), ["duplicate"])

    def test_another_name_is_a_question(self):
        job = self.make_job("26-J1", name="Parking deck")
        event = self.upsert()
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertFalse(issue.may_be_new)
        self.assertIn("Parking deck", issue.candidates[0]["differences"])
        self.choose(issue, job)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.jobs(), job)

    def test_archived_and_closed_ones_are_a_question(self):
        job = self.make_job("26-J1", name="Job J1")
        job.active = False
        event = self.upsert()
        self.apply(event)
        self.assertIn("archived", self.assertParked(event["id"], "duplicate").candidates[0][
            "differences"])  # fmt: skip
        self.assertEqual(self.jobs(), job)

    def test_of_another_company(self):
        second = self.make_company("Second")
        other = self.make_job("26-J1", name="Job J1", company_id=second.id)
        self.process(self.upsert())
        self.assertNotEqual(self.bound("job", "J1"), other)

    def test_bound_to_this_platform_it_is_taken(self):
        self.make_job("26-J1", name="Job J1")
        self.process(self.upsert())
        twin = self.event(
            "job.upserted", data=self.job_data("J2", number="26-J1", name="Job J1"), sequence=1
        )
        self.apply(twin)
        self.assertFalse(self.assertParked(twin["id"], "duplicate").candidates)


@tagged("post_install", "-at_install")
class TestTypedVendor(TypedCase, TransactionCase):
    def upsert(self, external_id="V1", **over):
        data = self.vendor_data(external_id, **over)
        return self.event("vendor.upserted", data=data, sequence=1)

    def partner(self, **values):
        values = {"name": "Acme Steel", "is_company": True, "supplier_rank": 1} | values
        return self.env["res.partner"].create(values)

    def count(self):
        return self.env["res.partner"].search_count([("construction_name_key", "=", "acme steel")])

    def test_exact_by_tax_id(self):
        partner = self.partner(vat="12-3456789")
        event = self.upsert(name="Acme Steel, Inc.", vat="123456789")
        self.process(event)
        self.assertEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual(len(self.adopted(partner)), 1)
        self.assertEqual(self.send(event), ["duplicate"])

    def test_the_name_alone_is_a_question(self):
        partner = self.partner(email="ap@acme.example")
        event = self.upsert(name="ACME steel", vat="12-3456789", email="ar@acme.example")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertIn("ar@acme.example", issue.candidates[0]["differences"])
        self.assertEqual(self.count(), 1)
        self.choose(issue, partner)
        self.drain()
        self.assertEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual((self.count(), partner.vat), (1, "12-3456789"))

    def test_a_new_one_by_decision(self):
        partner = self.partner()
        event = self.upsert(name="Acme Steel")
        self.apply(event)
        self.choose(self.assertParked(event["id"], "duplicate"))
        self.drain()
        self.assertNotEqual(self.bound("vendor", "V1"), partner)
        self.assertEqual(self.count(), 2)

    def test_another_tax_id_speaks_against_it(self):
        partner = self.partner(vat="99-9")
        self.process(self.upsert(name="Acme Steel", vat="12-3"))
        self.assertNotEqual(self.bound("vendor", "V1"), partner)

    def test_bound_already_it_is_none(self):
        self.process(self.upsert(name="Acme Steel"))
        self.process(self.upsert("V2", name="Acme Steel"))
        self.assertEqual(self.count(), 2)

    def test_several(self):
        one, two = self.partner(vat="12-34"), self.partner(vat="1234")
        event = self.upsert(vat="12-34")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.assertEqual({c["id"] for c in issue.candidates}, {one.id, two.id})
        self.choose(issue, two)
        self.drain()
        self.assertEqual(self.bound("vendor", "V1"), two)

    def test_of_another_company(self):
        second = self.make_company("Second")
        self.partner(company_id=second.id)
        self.process(self.upsert(name="Acme Steel"))
        self.assertFalse(self.bound("vendor", "V1").company_id)
