"""Lists of a platform, read over real TLS: nothing is missed and nothing comes twice, whatever
happens between two pages (faults 38 to 40, 45 and 53)."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..lib import since
from ..models.construction_poller import TURN_PAGES
from .polling import SIZE, PollCase, moment


@tagged("post_install", "-at_install")
class TestPollers(PollCase, TransactionCase):
    # ---------------------------------------------------------------- cursor
    def test_changes_with_an_overlap(self):
        """What is read again changes nothing; the mark follows the records."""
        self.rows = [self.vendor(f"V{number}", 60 - number) for number in range(7)]
        run = self.reading()
        self.assertEqual((run.kind, run.state, run.pages), ("backfill", "done", 3))
        self.assertEqual(run.new_count, 7)
        self.assertEqual(self.list.mark, since.mark("instant", self.rows[-1]["time"]))
        self.rows.append(self.vendor("late", 58))  # committed there after it was read
        self.rows.append(self.vendor("V9", 1))
        run = self.reading()
        told = datetime.fromisoformat(self.rows[6]["time"]) - timedelta(seconds=600)
        self.assertEqual(run.since_text, told.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual((run.kind, run.new_count, run.duplicate_count), ("poll", 2, 7))
        self.assertEqual(self.names(), sorted([*(f"V{n}" for n in range(7)), "V9", "late"]))
        self.drain()
        bound = self.env["construction.binding"].search_count(
            [("platform_id", "=", self.platform.id), ("object", "=", "vendor")]
        )
        self.assertEqual(bound, 9, "through the same pipeline as what is sent")

    def test_a_clock_ahead_moves_the_mark_to_now_at_most(self):
        self.rows = [self.vendor("V1", -600_000)]
        before = since.text_of(since.instant(moment(-1)))
        self.reading()
        self.assertLess(self.list.mark, before)

    # ------------------------------------------------------------- what shifts
    def test_fault_45_a_record_that_slips_past(self):
        """A record that was read moves to the end: the others move up, and one would never be
        asked for again, since it did not change."""
        self.rows = [self.vendor(f"V{number}", 600 - number) for number in range(6)]

        def moves(number):
            if number == 1:
                self.rows.pop(0)
                self.rows.append(self.vendor("V0", 0, phone="1"))

        self.meanwhile = moves
        run = self.reading()
        self.assertEqual(run.passes, 2)
        self.assertIn("V3", self.names())
        self.assertEqual(self.names().count("V3"), 1)
        self.assertEqual(self.names(), ["V0", "V0", "V1", "V2", "V3", "V4", "V5"])

    def test_fault_45_a_record_that_is_deleted(self):
        self.rows = [self.vendor(f"V{number}", 600 - number) for number in range(6)]
        self.meanwhile = lambda number: self.rows.pop(0) if number == 1 else None
        self.reading()
        self.assertEqual(self.names(), [f"V{number}" for number in range(6)])

    def test_a_list_that_never_rests(self):
        """The reading ends, and the mark waits for a list that can be trusted."""
        self.rows = [self.vendor(f"V{number}", 600 - number) for number in range(6)]

        def moves(number):
            if self.pages()[-1] == "1":
                gone = self.rows.pop(0)["data"]["external_id"]
                self.rows.append(self.vendor(gone, 0, phone=str(number)))

        self.meanwhile = moves
        run = self.reading()
        self.assertEqual(run.state, "done")
        self.assertTrue(run.why)
        self.assertFalse(self.list.mark)
        self.assertEqual(set(self.names()), {f"V{number}" for number in range(6)})

    def test_a_list_that_counts_otherwise_is_read_twice_at_most(self):
        """A total that never fits what is listed is no sign of a list that moves."""
        self.rows = [self.vendor("V1")]
        page, told = self.page, {"Total": "9"}
        with patch.object(self, "page", lambda query: (page(query)[0], told)):
            run = self.reading()
        self.assertEqual((run.state, run.passes), ("done", 2))
        self.assertTrue(self.list.mark)

    def test_other_pages(self):
        """By offset with a total in the answer, and by a cursor."""
        self.rows = [self.vendor(f"V{number}") for number in range(2 * SIZE + 1)]

        def page(query):
            start = int(query.get("offset") or query.get("after", "0"))
            more = start + SIZE if start + SIZE < len(self.rows) else None
            told = {"totalResults": len(self.rows), "next": more}
            return {"pagination": told, "results": self.rows[start : start + SIZE]}, {}

        self.list.write({"records_path": "results", "style": "offset", "query": "a=1&b="})
        with patch.object(self, "page", page):
            self.assertEqual(self.reading().new_count, 7)
            self.assertEqual([one["offset"] for one in self.asked], ["0", str(SIZE), str(2 * SIZE)])
            self.assertEqual({one["limit"] for one in self.asked}, {str(SIZE)})
            self.list.write(
                {"style": "cursor", "page_field": "after", "next_path": "pagination.next"}
            )
            self.list.action_load_all()
            run = self.reading()
        self.assertEqual((run.pages, run.duplicate_count), (3, 7))
        self.assertEqual([one.get("after") for one in self.asked[3:]], [None, "3", "6"])

    # -------------------------------------------------------------- outages
    def test_faults_38_and_39_outage_and_recovery(self):
        self.rows = [self.vendor(f"V{number}") for number in range(4)]
        self.answers = {
            2: (503, {"message": "down"}, {}),
            3: (200, {"errors": ["try later"]}, {}),
            4: (429, {"message": "slow"}, {"Retry-After": "90"}),
        }
        self.turn()
        run = self.list.run_ids
        self.assertEqual((run.state, run.pages, self.list.failures), ("running", 1, 1))
        self.assertIn("down", self.list.last_error)
        self.assertFalse(self.list.mark, "not before the last page")
        self.turn()  # no list in the answer
        self.assertEqual(self.list.failures, 2)
        self.turn()
        self.assertEqual(self.list.failures, 2, "being told to wait is no failure")
        wait = (self.list.next_at - datetime.now()).total_seconds()
        self.assertAlmostEqual(wait, 90, delta=3)
        self.assertEqual(self.turn(due=False), 0, "not before its time")
        self.env["construction.rate"].init()
        run = self.reading()
        self.assertEqual(self.pages(), ["1", "2", "2", "2", "2"], "from where it broke off")
        self.assertEqual((run.new_count, self.list.failures), (4, 0))
        self.assertEqual(self.names(), ["V0", "V1", "V2", "V3"])

    def test_no_answer_for_long_is_told_once(self):
        self.answers = dict.fromkeys(range(1, 9), (503, {"message": "down"}, {}))
        self.turn()
        self.assertFalse(self.trouble("failing"))
        self.list.sudo().first_failed_at = datetime.now() - timedelta(hours=2)
        self.turn()
        self.turn()
        self.assertEqual(len(self.trouble("failing")), 1)
        self.assertLessEqual(
            self.list.next_at - datetime.now(),
            timedelta(minutes=self.list.interval_minutes),
            "the schedule is the longest wait",
        )
        self.answers = {}
        self.reading()
        self.assertFalse(self.trouble("failing"))

    def test_after_an_outage_from_the_last_good_mark(self):
        self.rows = [self.vendor("V1", 3000)]
        self.reading()
        self.list.sudo().last_success_at = datetime.now() - timedelta(hours=30)
        mark = self.list.mark
        self.rows.append(self.vendor("V2", 1700))
        run = self.reading()
        self.assertEqual(run.kind, "backfill")
        self.assertLess(run.since_text, mark)
        self.assertEqual(self.names(), ["V1", "V2"])

    def test_a_refusal_waits_for_a_person(self):
        self.answers = {1: (403, {"message": "not for you"}, {})}
        self.turn()
        self.assertEqual((self.list.state, self.list.run_ids.state), ("refused", "failed"))
        self.assertIn("not for you", self.trouble("refused").message)
        self.assertEqual(self.turn(), 0)
        self.list.action_resume()
        self.assertFalse(self.trouble("refused"))
        self.assertEqual(self.reading().state, "done")

    def test_a_platform_that_nobody_may_call_blames_no_list(self):
        self.platform.sudo().call_state = "reauthorize"
        self.assertEqual(self.turn(), 0)
        self.platform.sudo().call_state = "ready"
        self.platform.action_pause()
        self.assertEqual(self.turn(), 0)
        self.assertEqual(self.list.state, "ready")
        self.assertFalse(self.asked)
        self.platform.action_activate()
        self.assertEqual(self.reading().state, "done")

    # --------------------------------------------------------- crash and stop
    def test_killed_after_two_pages(self):
        """Whoever comes next asks for the third one; nobody before the lease is over."""
        self.rows = [self.vendor(f"V{number}") for number in range(3 * SIZE + 1)]
        inbox, kept = type(self.env["construction.inbox"]), []
        store = inbox._store_page

        def dies(this, *args):
            if len(kept) == 2:
                raise SystemExit
            kept.append(args)
            return store(this, *args)

        with patch.object(inbox, "_store_page", dies):
            try:  # `assertRaises` would take back what is committed
                self.turn()
            except SystemExit:
                self.env.invalidate_all()
        run = self.list.run_ids
        self.assertEqual((run.state, run.pages, len(self.names())), ("running", 2, 2 * SIZE))
        self.assertEqual(self.turn(), 0, "who died may only be slow")
        run.sudo().lease_until = "2020-01-01"
        self.assertEqual(self.reading(), run)
        self.assertEqual(self.pages(), ["1", "2", "3", "3", "4"])
        self.assertEqual((run.new_count, run.duplicate_count), (len(self.rows), 0))

    def test_two_workers_at_once(self):
        """One reads. The other one finds the lease; and one that lost it keeps no page."""
        self.rows = [self.vendor(f"V{number}") for number in range(2 * SIZE)]
        turns = []
        call = type(self.env["construction.client"])._call

        def slow(this, *args, **more):
            answer = call(this, *args, **more)
            if not turns:
                turns.append(self.env["construction.poller"]._turn(self.list.id))
            return answer

        with patch.object(type(self.env["construction.client"]), "_call", slow):
            self.reading()
        self.assertEqual(turns, [0])
        self.assertEqual(self.pages(), ["1", "2"])

    def test_who_lost_the_lease_keeps_nothing(self):
        self.rows = [self.vendor("V1")]
        call = type(self.env["construction.client"])._call

        def overtaken(this, *args, **more):
            answer = call(this, *args, **more)
            self.env.cr.execute("UPDATE construction_resource_run SET token = 'another'")
            return answer

        with patch.object(type(self.env["construction.client"]), "_call", overtaken):
            self.turn()
        self.assertFalse(self.names())
        self.assertEqual(self.list.run_ids.pages, 0)

    def test_stopped_and_resumed_where_it_was(self):
        self.rows = [self.vendor(f"V{number}") for number in range(SIZE * (TURN_PAGES + 2))]
        self.assertEqual(self.turn(), TURN_PAGES)
        self.list.action_stop()
        run = self.list.run_ids
        self.assertEqual((run.state, self.turn()), ("stopped", 0))
        self.assertGreater(run.progress, 50)
        self.list.action_resume()
        self.assertEqual(self.reading(), run)
        self.assertEqual(self.pages(), [str(number) for number in range(1, TURN_PAGES + 3)])

    # -------------------------------------------------------------- together
    def test_scopes_share_one_budget(self):
        """No list waits for another one that is longer."""
        self.list.unlink()
        self.rows = [self.vendor(f"V{number}") for number in range(SIZE * TURN_PAGES * 3)]
        lists = [self.make_resource(path="/v1/{scope}/vendors", scope_key=scope) for scope in "ABC"]
        self.platform.write({"calls_per_minute": 1, "calls_burst": TURN_PAGES * 4})
        self.env.flush_all()
        poller = self.env["construction.poller"]
        due = []
        with patch.object(type(poller), "_wake", lambda this, ids, **more: due.extend(ids)):
            for _round in range(5):
                due.clear()
                self.env["construction.resource"].sudo().search([]).next_at = "2020-01-01"
                poller._sweep()
                first = self.env["construction.resource"].browse(due[0])
                self.turn(first, due=False)
        read = [one.run_ids.pages for one in lists]
        self.assertEqual(sum(read), TURN_PAGES * 4, "the whole budget, and no more")
        self.assertLessEqual(max(read) - min(read), TURN_PAGES)
        self.assertGreater(min(read), 0)

    def test_due_by_its_window_and_woken_by_the_sweeper(self):
        self.rows = [self.vendor("V1")]
        now = datetime.now()
        self.list.write({"opens": (now.hour + 2) % 24, "closes": (now.hour + 3) % 24,
                         "time_zone": "UTC"})  # fmt: skip
        self.reading()
        self.assertGreater(self.list.next_at, now + timedelta(minutes=59))
        jobs = self.env["queue.job"].search_count([])
        self.env["construction.poller"]._sweep()
        self.assertEqual(self.env["queue.job"].search_count([]), jobs, "not due yet")
        self.list.sudo().next_at = "2020-01-01"
        self.env["construction.poller"]._sweep()
        self.env["construction.poller"]._sweep()
        self.assertEqual(self.env["queue.job"].search_count([]), jobs + 1)

    # --------------------------------------------------------------- records
    def test_one_bad_record_stands_alone(self):
        """The others are taken; it is kept as it came, and told once."""
        bad = self.vendor("bad", 5) | {"specversion": "0.1"}
        self.rows = [self.vendor("V1", 5), bad, {"no": "id", "time": moment(5)}]
        run = self.reading()
        self.assertEqual((run.new_count, run.faulty_count), (1, 2))
        self.assertIn("specversion", self.trouble("unreadable").message)
        self.reading()
        self.assertEqual(len(self.trouble("unreadable")), 1)
        kept = self.env["construction.delivery"].search([("verdict", "=", "malformed")])
        self.assertEqual(len(kept), 1)
        self.assertIn("no", kept.body_text)

    def test_queries_of_a_page(self):
        """As many for a hundred records as for one."""
        self.rows = [self.vendor("warm")]
        self.list.page_size = 100
        with patch("odoo.addons.construction_sync_base.tests.polling.SIZE", 100):
            self.reading()
            counts = []
            for many in (1, 100):
                self.rows = [self.vendor(f"{many}-{number}", 1) for number in range(many)]
                self.env.flush_all()
                before = self.env.cr.sql_log_count
                self.turn()
                counts.append(self.env.cr.sql_log_count - before)
                self.assertEqual(self.list.run_ids[:1].new_count, many)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[1], 75)
