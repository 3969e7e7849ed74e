"""What people and Odoo's own screens do to records that a platform keeps, and files that are
not what they say. Names carry the number of the fault catalogue."""

import hashlib
import json
import socket
import uuid

import pytest
import requests

from .platform import Platform
from .server import wait_for


@pytest.fixture(scope="module")
def platform(server):
    made = Platform(server)
    made.masters()
    return made


def bound(platform, name, external_id):
    ((res_id,),) = platform.server.psql(
        "SELECT res_id FROM construction_binding"
        " WHERE platform_id = %s AND object = %s AND external_id = %s",
        (platform.id, name, external_id),
    )
    return res_id


def applied(platform, event):
    platform.send(event)
    platform.wait(event)


# ------------------------------------------------------------------ ownership
@pytest.mark.parametrize("owner", ["odoo", "platform"])
def test_fault_54_both_sides_change_one_field(server, owner):
    """Whoever comes last, the owner's value stands; what the platform owns besides is taken."""
    platform = Platform(server)
    server.execute(
        "construction.sync.policy", "create",
        [[{"object": "vendor", "platform_id": platform.id,
           "field_ids": [(0, 0, {"name": "email", "owner": owner})]}]],
    )  # fmt: skip
    applied(platform, platform.vendor("V54", email="first@example.com", phone="1"))
    partner = bound(platform, "vendor", "V54")
    ours, kept = "ours@example.com", []
    for version in (2, 3):  # the person first, then the platform; and once more
        server.execute("res.partner", "write", [[partner], {"email": ours}])
        change = platform.vendor("V54", version, email="theirs@example.com", phone=str(version))
        applied(platform, change)
        kept += server.psql("SELECT email, phone FROM res_partner WHERE id = %s", (partner,))
    stands = ours if owner == "odoo" else "theirs@example.com"
    assert kept == [(stands, "2"), (stands, "3")]


def test_fault_54_what_money_went_to_is_not_overwritten(platform):
    """A partner that was paid is Odoo's, whatever the policy says: the difference is an issue."""
    server = platform.server
    applied(platform, platform.vendor("V54P", vat="US-54-1"))
    partner = bound(platform, "vendor", "V54P")
    name = server.psql("SELECT name FROM res_partner WHERE id = %s", (partner,))
    (payment,) = server.execute(
        "account.payment", "create",
        [[{"partner_id": partner, "partner_type": "supplier", "payment_type": "outbound",
           "amount": 10}]],
    )  # fmt: skip
    server.execute("account.payment", "action_post", [[payment]])
    change = platform.vendor("V54P", 2, name="Another one", vat="US-54-1")
    applied(platform, change)
    assert server.psql("SELECT name FROM res_partner WHERE id = %s", (partner,)) == name
    assert [category for category, _m, _s in platform.issues(change)] == ["ownership_conflict"]


# ----------------------------------------------------------------- replays
def test_fault_57_replayed_under_the_mapping_that_is_chosen(platform):
    """The mapping is changed; the event is applied again under what is in force, then under
    what was: the order follows each time, and the audit says which version it was."""
    server = platform.server
    theirs, codes = f"{platform.code}-their", [f"{platform.code}-57{n}" for n in "ab"]
    made = [platform.cost_code(code) for code in codes]
    platform.send(*made)
    platform.wait(*made)
    first, second = (bound(platform, "cost_code", f"CC-{code}") for code in codes)
    (row,) = server.execute(
        "construction.crosswalk", "create",
        [[{"platform_id": platform.id, "kind": "cost_code", "external_value": theirs,
           "res_model": "construction.cost.code", "res_id": first}]],
    )  # fmt: skip
    ((change, name),) = server.psql(
        "SELECT id, name FROM construction_change ORDER BY id DESC LIMIT 1"
    )
    line = {"line_id": "1", "description": "Concrete", "cost_code": theirs,
            "cost_type": "material", "amount": "1000.00"}  # fmt: skip
    event = platform.commitment("C57", lines=[line])
    applied(platform, event)
    server.execute("construction.crosswalk", "write", [[row], {"res_id": second}])

    def code():
        ((code,),) = server.psql(
            "SELECT cost_code_id FROM purchase_order_line WHERE order_id = %s",
            (bound(platform, "commitment", "C57"),),
        )
        return code

    assert code() == first, "what is applied stays as it is until somebody replays it"
    ((event_id,),) = server.psql(
        "SELECT id FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, event["id"]),
    )
    for version, expected in (
        ({"version": "now"}, second),
        ({"version": "earlier", "change_id": change}, first),
    ):
        values = {"event_ids": [(6, 0, [event_id])], "reason": "mapping was mended"} | version
        (wizard,) = server.execute("construction.replay.start", "create", [[values]])
        action = server.execute("construction.replay.start", "action_start", [[wizard]])
        done = "SELECT 1 FROM construction_replay WHERE id = %s AND state = 'done'"
        wait_for(lambda: server.psql(done, (action["res_id"],)))  # noqa: B023
        assert code() == expected, version
    said = server.psql(
        "SELECT d.text FROM construction_audit a JOIN construction_audit_detail d"
        " ON d.audit_id = a.id WHERE a.model = 'construction.event' AND a.res_id = %s"
        " AND a.action = 'event_replayed' ORDER BY a.id",
        (event_id,),
    )
    assert [json.loads(text)["version"] for (text,) in said] == ["in force", name]
    assert all(json.loads(text)["reason"] == "mapping was mended" for (text,) in said)


# ------------------------------------------------------------------- merges
def test_fault_68_contacts_merged_in_odoo(platform):
    """By Odoo's own wizard: the binding, files and mappings follow the contact that stays, and
    the platform's next word about either vendor reaches it."""
    server = platform.server
    content = uuid.uuid4().bytes
    file = {"filename": "w9.pdf", "mimetype": "application/pdf",
            "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    vendors = [platform.vendor(name, attachments=[file]) for name in ("V68a", "V68b")]
    platform.send(*vendors)
    platform.wait(*vendors)
    stays, goes = (bound(platform, "vendor", name) for name in ("V68a", "V68b"))
    assert stays != goes
    (wizard,) = server.execute(
        "base.partner.merge.automatic.wizard", "create",
        [[{"partner_ids": [(6, 0, [stays, goes])], "dst_partner_id": stays, "state": "selection"}]],
    )  # fmt: skip
    server.execute("base.partner.merge.automatic.wizard", "action_merge", [[wizard]])
    assert server.psql("SELECT id FROM res_partner WHERE id IN (%s, %s)", (stays, goes)) == [
        (stays,)
    ]
    assert bound(platform, "vendor", "V68b") == stays
    assert server.psql(
        "SELECT res_id FROM construction_file_link WHERE platform_id = %s AND sha256 = %s",
        (platform.id, file["sha256"]),
    ) == [(stays,)]
    partners = server.psql("SELECT count(*) FROM res_partner")
    after = platform.vendor("V68b", 2, phone="68")
    order = platform.commitment("C68", vendor="V68b")
    applied(platform, after)
    applied(platform, order)
    assert server.psql("SELECT phone FROM res_partner WHERE id = %s", (stays,)) == [("68",)]
    assert server.psql("SELECT count(*) FROM res_partner") == partners
    assert server.psql(
        "SELECT partner_id FROM purchase_order WHERE id = %s",
        (bound(platform, "commitment", "C68"),),
    ) == [(stays,)]
    assert server.psql(
        "SELECT count(*) FROM construction_audit WHERE action = 'record_mapped'"
        " AND model = 'construction.binding' AND res_id ="
        " (SELECT id FROM construction_binding WHERE platform_id = %s AND external_id = 'V68b'"
        "  AND object = 'vendor')",
        (platform.id,),
    ) == [(1,)]


# -------------------------------------------------------------------- files
def put(platform, content, mimetype="application/octet-stream"):
    sha256 = hashlib.sha256(content).hexdigest()
    url = platform.url.replace("/events", f"/files/{sha256}")
    answer = requests.put(
        url, data=content, headers=platform.headers(content, mimetype), timeout=60
    )
    return sha256, answer.status_code


def test_fault_76_two_gigabytes(platform):
    """Refused from the length alone, before a byte of it was read."""
    path = "/" + platform.url.replace("/events", f"/files/{'a' * 64}").split("/", 3)[3]
    with socket.create_connection(("127.0.0.1", platform.server.port), timeout=10) as connection:
        connection.sendall(
            f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * 1024**3}\r\n"
            "Content-Type: application/pdf\r\nConnection: close\r\n\r\n".encode()
        )
        answer = connection.recv(65536)
    assert answer.split()[1] == b"413", answer[:200]


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\windows\\system32\\cmd.exe": "cmd.exe",
    "a\r\nSet-Cookie: x=1.pdf": None,
    "\u202efdp.exe": None,
    "..": None,
    "x" * 1000 + ".pdf": None,
}


@pytest.mark.parametrize("name", list(NAMES))
def test_fault_76_names_that_lead_elsewhere(platform, name):
    """A name is a name: no folder, no line break, no mark that turns the text around."""
    content = uuid.uuid4().bytes
    sha256, status = put(platform, content)
    assert status == 201
    number = f"C76{abs(hash(name))}"
    file = {"filename": name, "mimetype": "application/pdf", "sha256": sha256}
    applied(platform, platform.commitment(number, attachments=[file]))
    rows = platform.server.psql(
        "SELECT id, name FROM ir_attachment WHERE res_model = 'purchase.order' AND res_id = %s",
        (bound(platform, "commitment", number),),
    )
    ((attachment, stored),) = rows
    assert stored and not set(stored) & set("/\\\r\n\u202e") and stored.strip(".")
    assert len(stored) <= 255
    assert NAMES[name] in (None, stored)
    session = platform.server._session
    answer = session.get(f"{platform.server.url}/web/content/{attachment}?download=1", timeout=30)
    assert answer.content == content
    assert "x=1" not in answer.headers.get("Set-Cookie", "")


PAGES = {
    "a.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
              "image/svg+xml"),
    "a.html": (b"<html><script>alert(1)</script></html>", "text/html"),
    "a.pdf": (b"<html><script>alert(2)</script></html>", "application/pdf"),  # says it is no page
    "a.xhtml": (b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(3)</script></html>',
                "application/xhtml+xml"),
    "a.js": (b"alert(4)", "text/javascript"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PAGES))
def test_fault_76_what_a_browser_would_run(platform, name):
    """Nothing of it is served as a page of ours."""
    content, mimetype = PAGES[name]
    content += uuid.uuid4().hex.encode()
    sha256, status = put(platform, content)
    assert status == 201
    file = {"filename": name, "mimetype": mimetype, "sha256": sha256}
    applied(platform, platform.commitment(f"C76{name}", attachments=[file]))
    ((attachment,),) = platform.server.psql(
        "SELECT id FROM ir_attachment WHERE res_model = 'purchase.order' AND res_id = %s",
        (bound(platform, "commitment", f"C76{name}"),),
    )
    session = platform.server._session
    answer = session.get(f"{platform.server.url}/web/content/{attachment}", timeout=30)
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in ("text/plain", "application/pdf", "application/octet-stream"), kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_fault_76_a_file_that_never_comes(platform):
    """The order stands without it; the link says that it waits, and no address is asked."""
    missing = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    file = {"filename": "later.pdf", "mimetype": "application/pdf", "sha256": missing}
    applied(platform, platform.commitment("C76late", attachments=[file]))
    assert platform.server.psql(
        "SELECT linked_at FROM construction_file_link WHERE platform_id = %s AND sha256 = %s",
        (platform.id, missing),
    ) == [(None,)]
