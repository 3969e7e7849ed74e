"""vendor.upserted: found by binding, tax id, then name if the policy allows."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


class VendorCase(DomainCase):
    def upsert(self, external_id="V1", sequence=None, **over):
        data = self.vendor_data(external_id, **over)
        return self.event("vendor.upserted", data=data, sequence=sequence)

    def partner(self, name="Acme Steel", **values):
        return self.env["res.partner"].create({"name": name, "is_company": True, **values})

    def pay(self, partner):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": partner.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Work",
                            "price_unit": 100,
                            "account_id": self.expense.id,
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({}).action_create_payments()


@tagged("post_install", "-at_install")
class TestVendorMatch(VendorCase, TransactionCase):
    def assertVendor(self, partner, external_id="V1"):
        self.assertEqual(self.bound("vendor", external_id), partner)

    def test_created(self):
        self.process(
            self.upsert(
                name="  Acme Steel, Inc.",
                vat="12-3456789",
                email="ap@acme.example",
                phone="+1 303 555 0100",
                is_subcontractor=True,
                address={
                    "street": "1 Mill Rd",
                    "city": "Pueblo",
                    "zip": "81001",
                    "state": "CO",
                    "country": "US",
                },
            )
        )
        vendor = self.bound("vendor", "V1")
        self.assertEqual(vendor.name.strip(), "Acme Steel, Inc.")
        self.assertTrue(vendor.is_company and vendor.supplier_rank and vendor.is_subcontractor)
        self.assertFalse(vendor.company_id)
        self.assertEqual(vendor.state_id.code, "CO")
        self.assertEqual(vendor.email, "ap@acme.example")

    def test_countries_by_code_or_name(self):
        """As the schema has it; one that Odoo does not know is told, not lost in silence."""
        place = {"street": "1 Mill Rd", "city": "Pueblo", "zip": "81001"}
        for sent, state in {"us": "co", "United States": "Colorado"}.items():
            self.process(self.upsert(sent, address=place | {"state": state, "country": sent}))
            vendor = self.bound("vendor", sent)
            self.assertEqual((vendor.country_id.code, vendor.state_id.code), ("US", "CO"), sent)
        event = self.upsert("far", address=place | {"state": "CO", "country": "Atlantis"})
        self.process(event)
        self.assertEqual(self.bound("vendor", "far").city, "Pueblo")
        self.assertIn("Atlantis", self.issues(event["id"]).message)

    def test_binding_first(self):
        self.process(self.upsert(sequence=1, vat="11-1"))
        vendor = self.bound("vendor", "V1")
        self.partner("Other", vat="22-2")
        self.process(self.upsert(sequence=2, vat="22-2", name="Renamed"))
        self.assertVendor(vendor)
        self.assertEqual((vendor.vat, vendor.name), ("22-2", "Renamed"))

    def test_tax_id_whatever_its_punctuation(self):
        partner = self.partner(vat="12 345.678-9")
        self.process(self.upsert(vat="123456789", name="Quite another name"))
        self.assertVendor(partner)
        self.assertTrue(partner.supplier_rank)

    def test_name_only_if_the_policy_allows(self):
        partner = self.partner("ACME  Steel")
        self.process(self.upsert("V1", name="Acme Steel"))
        self.assertNotEqual(self.bound("vendor", "V1"), partner)
        self.bound("vendor", "V1").active = False
        self.policy("vendor", match_by_name=True)
        self.process(self.upsert("V2", name="Acme Steel"))
        self.assertVendor(partner, "V2")

    def test_name_variants(self):
        self.policy("vendor", match_by_name=True)
        variants = {
            "José Muñoz Concrete": "Jose\u0301 Mun\u0303oz Concrete",  # decomposed
            "Straße Bau": "STRASSE BAU",
            "North Pipe": "North\u200b Pipe\u00a0",  # zero width and hard blank
            "Full Width": "\uff26\uff55\uff4c\uff4c \uff37\uff49\uff44\uff54\uff48",
            "O'Neil & Sons": "O\u2019Neil & Sons",
            "Ltd. Works, Inc.": "LTD WORKS INC",
        }
        for number, (ours, theirs) in enumerate(variants.items()):
            partner = self.partner(ours)
            self.process(self.upsert(f"N{number}", name=theirs))
            self.assertVendor(partner, f"N{number}")

    def test_one_partner_is_not_two_vendors_of_a_batch(self):
        """By tax id as by name; no more than if the second one came later."""
        self.partner(vat="12-3456789")
        self.policy("vendor", match_by_name=True)
        self.partner("Bolt Supply")
        for over in ({"vat": "12-3456789"}, {"name": "Bolt Supply"}, {"name": "New Vendor"}):
            events = [
                self.upsert(self.unique("V"), **{"name": "Acme Steel", **over}) for _n in "12"
            ]
            self.apply(*events)
            states = [self.state(event["id"]) for event in events]
            self.assertEqual(states, ["processed", "parked"], over)
            self.assertParked(events[1]["id"], "duplicate")

    def test_a_contact_person_is_no_vendor(self):
        company = self.partner("Acme Steel", vat="12-34")
        self.env["res.partner"].create(
            {"name": "Acme Steel", "vat": "99-99", "parent_id": company.id}
        )
        self.policy("vendor", match_by_name=True)
        self.process(self.upsert(name="Acme Steel"))
        self.assertVendor(company)

    def test_ambiguous_is_a_question(self):
        one, _two = self.partner("A", vat="12-34"), self.partner("B", vat="1234")
        event = self.upsert(vat="12-34")
        self.apply(event)
        issue = self.assertParked(event["id"], "duplicate")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "partner_id": one.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertVendor(one)

    def test_two_vendors_do_not_share_a_partner(self):
        self.process(self.upsert("V1", vat="12-34"))
        event = self.upsert("V2", vat="12-34")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")

    def test_two_new_vendors_of_one_tax_id_in_a_batch(self):
        one, two = self.upsert("V1", vat="12-34"), self.upsert("V2", vat="1234")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_an_archived_partner_is_not_doubled(self):
        partner = self.partner(vat="12-34", active=False)
        event = self.upsert(vat="12-34")
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        self.assertEqual(
            self.env["res.partner"]
            .with_context(active_test=False)
            .search_count([("construction_tax_key", "=", "1234")]),
            1,
        )
        partner.active = True
        self.stored(event["id"]).issue_ids.action_resolve()
        self.drain()
        self.assertVendor(partner)

    def test_partners_of_another_company_are_not_seen(self):
        second = self.make_company("Second")
        self.partner(vat="12-34", company_id=second.id)
        self.process(self.upsert(vat="12-34"))
        self.assertFalse(self.bound("vendor", "V1").company_id)


@tagged("post_install", "-at_install")
class TestVendorUpdate(VendorCase, TransactionCase):
    def test_a_paid_vendor_is_not_overwritten(self):
        self.process(self.upsert(sequence=1, name="Acme", vat="12-34", email="a@acme.example"))
        vendor = self.bound("vendor", "V1")
        self.pay(vendor)
        event = self.upsert(
            sequence=2, name="Evil", vat="66-66", email="e@evil.example", phone="+1 303 555 0111"
        )
        self.process(event)
        self.assertEqual(
            (vendor.name, vendor.vat, vendor.email), ("Acme", "12-34", "a@acme.example")
        )
        self.assertEqual(vendor.phone, "+1 303 555 0111", "an empty field may be filled")
        issue = self.issues(event["id"])
        self.assertEqual(issue.mapped("category"), ["ownership_conflict"])
        self.assertFalse(issue.blocking)

    def test_nor_when_matched_by_tax_id(self):
        vendor = self.partner("Acme", vat="12-34")
        self.pay(vendor)
        self.process(self.upsert(name="Evil", vat="1234"))
        self.assertEqual((vendor.name, vendor.vat), ("Acme", "12-34"))

    def test_a_tax_id_is_not_filled_in_after_a_payment(self):
        self.process(self.upsert(sequence=1, name="Acme"))
        vendor = self.bound("vendor", "V1")
        self.pay(vendor)
        self.process(self.upsert(sequence=2, name="Acme", vat="66-66"))
        self.assertFalse(vendor.vat)

    def test_an_unpaid_vendor_follows_the_platform(self):
        self.process(self.upsert(sequence=1, email="a@acme.example"))
        self.process(self.upsert(sequence=2, name="New", email="b@acme.example"))
        vendor = self.bound("vendor", "V1")
        self.assertEqual((vendor.name, vendor.email), ("New", "b@acme.example"))
        self.process(self.upsert(sequence=3, name="New"))
        self.assertEqual(vendor.email, "b@acme.example", "absent is unchanged")
        self.process(self.upsert(sequence=4, name="New", email=None))
        self.assertFalse(vendor.email, "null clears")

    def test_payment_terms_are_of_the_platforms_default_company(self):
        self.company.sequence = 1  # first of the allow-list, in whose company nothing is written
        default = self.make_company("Default of the platform")
        companies = self.company | default
        platform = self.make_platform("tests-terms", companies, company_id=default.id)
        term = self.env["account.payment.term"].create({"name": "Net 45", "company_id": False})
        self.env["construction.crosswalk"].create(
            {
                "kind": "payment_terms",
                "external_value": "N45",
                "res_model": term._name,
                "res_id": term.id,
            }
        )
        self.process(self.upsert("V45", payment_terms="N45"), platform=platform)
        vendor = self.bound("vendor", "V45", platform)
        found = [vendor.with_company(c).property_supplier_payment_term_id for c in companies]
        self.assertEqual(found, [self.env["account.payment.term"], term])

    def test_payment_terms_are_set_once_then_finances(self):
        term = self.env["account.payment.term"].create({"name": "Net 10"})
        event = self.upsert(sequence=1, payment_terms="N10")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "payment_term_id": term.id}
        ).action_map()
        self.drain()
        vendor = self.bound("vendor", "V1")
        self.assertEqual(vendor.property_supplier_payment_term_id, term)
        vendor.property_supplier_payment_term_id = False
        self.process(self.upsert(sequence=2, payment_terms="N10"))
        self.assertFalse(vendor.property_supplier_payment_term_id)

    def test_payment_terms_as_an_object(self):
        event = self.upsert(payment_terms={"code": "N10"})
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")

    def test_bank_details_never(self):
        self.policy("vendor").field_ids.filtered(lambda f: f.name == "bank_ids").owner = "platform"
        self.process(
            self.upsert(
                bank_ids=[{"acc_number": "DE02120300000000202051"}],
                custom={"account": "DE02120300000000202051"},
            )
        )
        self.assertFalse(self.bound("vendor", "V1").bank_ids)

    def test_account_numbers_are_refused(self):
        for text in ("new account 1234 5678 9012", "IBAN DE02 1203 0000 0000 2020 51"):
            event = self.upsert(self.unique("X"), bank_change_requested=text)
            self.apply(event)
            self.assertParked(event["id"], "ownership_conflict")

    def test_a_request_is_for_a_person(self):
        event = self.upsert(bank_change_requested="They moved to another bank, please call.")
        self.process(event)
        issue = self.issues(event["id"])
        self.assertEqual(issue.category, "ownership_conflict")
        self.assertIn("another bank", issue.message)

    def test_archiving(self):
        self.process(self.upsert(sequence=1))
        self.process(self.upsert(sequence=2, active=False))
        vendor = self.bound("vendor", "V1")
        self.assertFalse(vendor.active)


@tagged("post_install", "-at_install")
class TestVendorHold(VendorCase, TransactionCase):
    def test_a_vendor_on_hold_gets_no_new_commitment(self):
        self.setup_job()
        self.process(self.upsert("V1", sequence=2, on_hold={"reason": "insurance expired"}))
        event = self.event("commitment.approved", data=self.commitment_data(), sequence=1)
        self.apply(event)
        issue = self.assertParked(event["id"], "inactive_target")
        self.assertIn("insurance expired", issue.message)
        self.process(self.upsert("V1", sequence=3, on_hold=None))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_an_order_to_a_contact_of_the_vendor_waits_as_well(self):
        self.setup_job()
        vendor = self.bound("vendor", "V1")
        contact = self.env["res.partner"].create({"name": "Office", "parent_id": vendor.id})
        self.env["construction.binding"]._bind_by_hand(self.platform, "vendor", "V1-A", contact)
        vendor.construction_hold_reason = "lien"
        data = self.commitment_data(vendor="V1-A")
        event = self.event("commitment.approved", data=data, sequence=1)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        vendor.construction_hold_reason = False
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_nor_one_typed_in_odoo(self):
        self.vendor.construction_hold_reason = "lien"
        with self.assertRaisesRegex(UserError, "lien"):
            self.order(confirm=True)

    def test_what_is_ordered_goes_on(self):
        self.budget()
        order = self.order(confirm=True)
        self.vendor.construction_hold_reason = "lien"
        order._apply_change([(order.order_line, {"product_qty": 900.0, "price_unit": 1.0})])
        self.bill(order, 100)

    def test_a_paid_vendor_can_be_held_and_released(self):
        self.process(self.upsert(sequence=1))
        vendor = self.bound("vendor", "V1")
        self.pay(vendor)
        self.process(self.upsert(sequence=2, on_hold={"reason": "lien"}))
        self.assertEqual(vendor.construction_hold_reason, "lien")
        self.process(self.upsert(sequence=3, on_hold=None))
        self.assertFalse(vendor.construction_hold_reason)

    def test_an_archived_vendor_is_an_issue_until_it_is_back(self):
        self.setup_job()
        vendor = self.bound("vendor", "V1")
        vendor.active = False
        event = self.event("commitment.approved", data=self.commitment_data(), sequence=1)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")
        vendor.active = True
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
