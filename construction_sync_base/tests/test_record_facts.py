"""record.merged, linked, unlinked, deleted and vendor.merged change bindings, never books."""

from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


class RecordCase(DomainCase):
    def vendor_event(self, external_id="V1", **over):
        return self.event("vendor.upserted", data=self.vendor_data(external_id, **over))

    def fact(self, fact, object_name, external_id, **over):
        data = {"object": object_name, "external_id": external_id, **over}
        return self.event(f"record.{fact}", f"{object_name}/{external_id}", data)

    def merged(self, master, *sources):
        data = {"master": master, "sources": list(sources)}
        return self.event("vendor.merged", f"vendor/{master}", data)

    def binding(self, object_name, external_id):
        return self.env["construction.binding"].search(
            [
                ("platform_id", "=", self.platform.id),
                ("object", "=", object_name),
                ("external_id", "=", external_id),
            ]
        )

    def ordered(self, external_id="C1"):
        return self.bound("commitment", external_id)


@tagged("post_install", "-at_install")
class TestMerged(RecordCase, TransactionCase):
    def test_later_references_find_the_one_that_stays(self):
        self.setup_job()
        self.process(self.vendor_event("V2"))
        self.process(self.event("commitment.approved", data=self.commitment_data(vendor="V2")))
        order, other = self.ordered(), self.bound("vendor", "V2")
        event = self.merged("V1", "V2")
        self.process(event)
        stays = self.bound("vendor", "V1")
        self.assertEqual(self.bound("vendor", "V2"), stays)
        self.assertEqual(self.binding("vendor", "V2").merged_into, "V1")
        self.assertEqual(order.partner_id, other, "documents stay where they are")
        self.assertTrue(other.active)
        notice = self.issues(event["id"])
        self.assertEqual(notice.mapped("category"), ["duplicate"])
        self.assertFalse(notice.blocking)
        self.process(
            self.event("commitment.approved", data=self.commitment_data("C2", vendor="V2"))
        )
        self.assertEqual(self.ordered("C2").partner_id, stays)

    def test_what_was_merged_says_nothing_about_the_one_that_stays(self):
        self.process(self.vendor_event("V1"), self.vendor_event("V2"), self.merged("V1", "V2"))
        again = self.vendor_event("V2", name="Evil")
        self.apply(again)
        self.assertParked(again["id"], "ownership_conflict")
        self.assertNotEqual(self.bound("vendor", "V1").name, "Evil")

    def test_an_older_snapshot_of_a_source_comes_to_nothing(self):
        late = self.vendor_event("V2", name="Late")
        self.process(self.vendor_event("V1"), self.vendor_event("V2"), self.merged("V1", "V2"))
        self.apply(late)
        self.assertEqual(self.state(late["id"]), "superseded")

    def test_an_unknown_master_takes_over_the_one_source_that_is_known(self):
        self.process(self.vendor_event("V2"))
        partner = self.bound("vendor", "V2")
        self.process(self.merged("V9", "V2", "V3"))
        self.assertEqual(self.bound("vendor", "V9"), partner)
        self.assertEqual(self.bound("vendor", "V3"), partner)

    def test_an_unknown_master_of_two_is_a_question(self):
        self.process(self.vendor_event("V1"), self.vendor_event("V2"))
        event = self.merged("V9", "V1", "V2")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        partner = self.bound("vendor", "V2")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "partner_id": partner.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("vendor", "V1"), partner)

    def test_vendors_that_never_came_here_are_no_matter(self):
        self.process(self.merged("V1"), self.merged("V8", "V9"))
        self.assertFalse(self.binding("vendor", "V8") + self.binding("vendor", "V9"))

    def test_the_master_by_origin_id(self):
        self.process(self.vendor_event("V1"), self.vendor_event("V2"))
        stays = self.bound("vendor", "V1")
        data = {"master": {"origin_id": str(stays.id), "external_id": "V1"}, "sources": ["V2"]}
        self.process(self.event("vendor.merged", "vendor/V1", data))
        self.assertEqual(self.bound("vendor", "V2"), stays)

    def test_any_master_data(self):
        codes = [self.event("cost_code.upserted", data=self.cost_code_data(c)) for c in "AB"]
        self.process(*codes)
        self.process(self.fact("merged", "cost_code", "CC-A", sources=["CC-B"]))
        self.assertEqual(self.bound("cost_code", "CC-B"), self.bound("cost_code", "CC-A"))

    def test_documents_are_not_merged(self):
        event = self.fact("merged", "commitment", "C1", sources=["C2"])
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")


@tagged("post_install", "-at_install")
class TestLinked(RecordCase, TransactionCase):
    def test_by_our_id(self):
        event = self.fact("linked", "vendor", "V7", origin_id=str(self.vendor.id))
        self.process(event)
        self.assertEqual(self.bound("vendor", "V7"), self.vendor)
        self.process(self.vendor_event("V7", name="Concrete Works", email="a@works.example"))
        self.assertEqual(self.vendor.email, "a@works.example", "the snapshot finds it")

    def test_what_waits_for_the_link_goes_on(self):
        """The parked snapshot is older than the link, of the same subject, and both in one
        batch or apart."""
        for apart in (True, False):
            partners = self.env["res.partner"].create(
                [{"name": n, "vat": f"9{apart:d}", "is_company": True} for n in ("A", "B")]
            )
            external_id = f"V-{apart}"
            vendor = self.vendor_event(external_id, vat=f"9{apart:d}", phone="5")
            link = self.fact("linked", "vendor", external_id, origin_id=str(partners[1].id))
            if apart:
                self.apply(vendor)
                self.assertParked(vendor["id"], "duplicate")
                self.apply(link)
            else:
                self.apply(vendor, link)
            self.env["construction.drain"]._sweep()
            self.drain()
            states = [self.state(event["id"]) for event in (link, vendor)]
            self.assertEqual(states, ["processed"] * 2, f"apart: {apart}")
            self.assertEqual(self.bound("vendor", external_id), partners[1])
            self.assertEqual(partners[1].phone, "5")

    def test_an_id_that_is_not_ours_is_a_question(self):
        event = self.fact("linked", "vendor", "V7", origin_id="800000CD-1389650341")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.assertIn("800000CD", issue.message)
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "partner_id": self.vendor.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_record_of_another_kind_or_company_is_not_found(self):
        plain = self.env["project.project"].create({"name": "No job"})
        second = self.make_company("Second")
        foreign = self.make_job("26-900", company_id=second.id)
        for record in (plain, foreign):
            event = self.fact("linked", "job", f"J-{record.id}", origin_id=record.id)
            self.apply(event)
            self.assertParked(event["id"], "unmapped_reference")

    def test_another_record_than_before_is_a_question(self):
        self.process(self.vendor_event("V1"))
        event = self.fact("linked", "vendor", "V1", origin_id=str(self.vendor.id))
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")

    def test_two_do_not_share_a_record(self):
        self.process(self.fact("linked", "vendor", "V1", origin_id=str(self.vendor.id)))
        event = self.fact("linked", "vendor", "V2", origin_id=str(self.vendor.id))
        self.apply(event)
        self.assertParked(event["id"], "duplicate")

    def test_told_twice_changes_nothing(self):
        for _time in range(2):
            self.process(self.fact("linked", "vendor", "V1", origin_id=str(self.vendor.id)))
        self.assertEqual(len(self.binding("vendor", "V1")), 1)

    def test_unknown_kinds_say_so(self):
        event = self.fact("linked", "spaceship", "S1")
        self.apply(event)
        self.assertIn("spaceship", self.assertParked(event["id"], "schema").message)


@tagged("post_install", "-at_install")
class TestUnlinked(RecordCase, TransactionCase):
    def test_the_record_stands_for_nothing_until_it_is_linked_again(self):
        self.setup_job()
        vendor = self.bound("vendor", "V1")
        self.process(self.fact("unlinked", "vendor", "V1"))
        waiting = self.event("commitment.approved", data=self.commitment_data())
        self.apply(waiting)
        self.assertParked(waiting["id"], "unmapped_reference")
        self.process(self.fact("linked", "vendor", "V1"))
        self.drain()
        self.assertEqual(self.state(waiting["id"]), "processed")
        self.assertEqual(self.ordered().partner_id, vendor)

    def test_a_vendor_sent_again_is_matched_anew(self):
        self.process(self.vendor_event("V1", vat="12-34"))
        vendor = self.bound("vendor", "V1")
        self.process(self.fact("unlinked", "vendor", "V1"))
        self.process(self.vendor_event("V1", vat="12-34", phone="1"))
        self.assertEqual(self.bound("vendor", "V1"), vendor)
        self.assertFalse(self.binding("vendor", "V1").unlinked)

    def test_a_commitment_is_never_ordered_twice(self):
        self.setup_job()
        self.process(self.event("commitment.approved", data=self.commitment_data()))
        order = self.ordered()
        unlink = self.fact("unlinked", "commitment", "C1")
        self.process(unlink)
        self.assertIn(order.name, self.issues(unlink["id"]).message)
        self.assertFalse(self.binding("commitment", "C1").tombstone)
        again = self.event("commitment.approved", data=self.commitment_data())
        self.apply(again)
        self.assertIn(order.name, self.assertParked(again["id"], "duplicate").message)
        self.assertEqual(order.state, "purchase")
        self.process(self.fact("linked", "commitment", "C1"))
        self.drain()
        self.assertEqual(self.state(again["id"]), "processed")
        self.assertEqual(self.ordered(), order)

    def test_after_a_cancelled_order_there_may_be_a_new_one(self):
        self.setup_job()
        self.process(self.event("commitment.approved", data=self.commitment_data()))
        order = self.ordered()
        self.process(self.fact("unlinked", "commitment", "C1"))
        order.button_cancel()
        self.process(self.event("commitment.approved", data=self.commitment_data()))
        self.assertNotEqual(self.ordered(), order)


@tagged("post_install", "-at_install")
class TestDeleted(RecordCase, TransactionCase):
    def test_a_tombstone_and_nothing_else(self):
        self.setup_job()
        self.process(self.event("commitment.approved", data=self.commitment_data()))
        for name, external_id in (("vendor", "V1"), ("cost_code", "CC-03-300"), ("job", "J1")):
            record = self.bound(name, external_id)
            self.process(self.fact("deleted", name, external_id))
            self.assertTrue(self.binding(name, external_id).tombstone)
            self.assertTrue(record.exists() and record.active)
        event = self.fact("deleted", "commitment", "C1")
        self.process(event)
        self.assertIn(self.ordered().name, self.issues(event["id"]).message)
        self.assertEqual(self.ordered().state, "purchase")

    def test_an_older_snapshot_does_not_bring_it_back(self):
        late = self.vendor_event("V5")
        self.process(self.fact("deleted", "vendor", "V5"))
        self.apply(late)
        self.assertEqual(self.state(late["id"]), "superseded")
        self.assertFalse(self.bound("vendor", "V5"))

    def test_a_newer_one_does(self):
        self.process(self.vendor_event("V1"))
        vendor = self.bound("vendor", "V1")
        self.process(self.fact("deleted", "vendor", "V1"), self.vendor_event("V1", phone="1"))
        self.assertEqual(self.bound("vendor", "V1"), vendor)
        self.assertFalse(self.binding("vendor", "V1").tombstone)

    def test_a_subject_of_its_own_orders_nothing_of_the_record(self):
        self.process(self.event("vendor.upserted", data=self.vendor_data("V1"), sequence=5))
        data = {"object": "vendor", "external_id": "V1"}
        self.process(self.event("record.deleted", "record/V1", data, sequence=900))
        newer = self.event("vendor.upserted", data=self.vendor_data("V1", phone="1"), sequence=6)
        self.process(newer)
        self.assertEqual(self.bound("vendor", "V1").phone, "1")


@tagged("post_install", "-at_install")
class TestTwoIds(RecordCase, TransactionCase):
    """References that name our id, the platform's own, or both."""

    def commit(self, **over):
        event = self.event("commitment.approved", data=self.commitment_data(**over))
        self.apply(event)
        return event["id"]

    def test_either_id_finds_the_record(self):
        job = self.setup_job()
        vendor = self.bound("vendor", "V1")
        for number, (ours, theirs) in enumerate(
            [(job.id, "J1"), (job.id, "unknown"), ("800003DD-1600977189", "J1")]
        ):
            reference = {"origin_id": str(ours), "external_id": theirs}
            event = self.commit(external_id=f"C{number}", job=reference, vendor="V1")
            self.assertEqual(self.state(event), "processed")
            self.assertEqual(self.ordered(f"C{number}").project_id, job)
            self.assertEqual(self.ordered(f"C{number}").partner_id, vendor)

    def test_two_records_are_a_question(self):
        job = self.setup_job()
        self.process(self.event("job.upserted", data=self.job_data("J2")))
        event = self.commit(job={"origin_id": str(job.id), "external_id": "J2"})
        self.assertParked(event, "ownership_conflict")

    def test_one_that_waits_goes_on_when_the_platform_sends_it(self):
        self.setup_job()
        event = self.commit(vendor={"origin_id": "0", "external_id": "V2"})
        self.assertParked(event, "unmapped_reference")
        self.process(self.vendor_event("V2"))
        self.drain()
        self.assertEqual(self.state(event), "processed")

    def test_codes_by_our_id(self):
        self.setup_job()
        code, material = self.bound("cost_code", "CC-03-300"), self.material
        data = {"external_id": "CT-M", "code": material.code, "name": "M", "category": "material"}
        self.process(self.event("cost_type.upserted", data=data))
        line = self.commitment_line(
            cost_code={"origin_id": str(code.id)}, cost_type={"origin_id": str(material.id)}
        )
        event = self.commit(lines=[line])
        self.assertEqual(self.state(event), "processed", self.issues(event).mapped("message"))
        self.assertEqual(self.ordered().order_line.cost_code_id, code)

    def test_a_code_by_an_id_that_is_not_ours_is_mapped_by_a_person(self):
        self.setup_job()
        line = self.commitment_line(cost_code={"origin_id": "800003DD|800005FA"})
        event = self.commit(lines=[line])
        issue = self.assertParked(event, "unmapped_reference")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "cost_code_id": self.bound("cost_code", "CC-03-300").id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(event), "processed")
