"""Secrets and wages as canaries: driven through every door, applied, failed and exported on a
real server, and then looked for in every column, file, log line and export."""

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid

import pytest
import requests

from tests.simulator.signing import StandardWebhooks

from .platform import BATCHED, SOURCE, STRUCTURED, Platform
from .server import wait_for

import database  # isort: skip

PLATFORM = "construction.platform"
GROUPS = (
    "project_user", "project_manager", "finance", "payroll", "integration_manager", "auditor",
)  # fmt: skip
DIGESTS = {
    "hmac_sha1_hex": ("sha1", bytes.hex),
    "hmac_sha256_hex": ("sha256", bytes.hex),
    "hmac_sha256_base64": ("sha256", lambda digest: base64.b64encode(digest).decode()),
}
EVIDENCE = {("construction_event", "payload"), ("construction_delivery", "body")}


class Sender:
    """A platform of one scheme, with its secret as it was shown once."""

    def __init__(self, server, scheme):
        self.server, self.scheme = server, scheme
        self.key = f"canary-{scheme.replace('_', '-')}"
        # one of them sends webhooks of its own format, as that platform authenticates
        self.adapter = "procore" if scheme == "static_header" else "canonical"
        values = {"name": self.key, "key": self.key, "auth_scheme": scheme}
        values["adapter"] = self.adapter
        (self.id,) = server.execute(PLATFORM, "create", [[values]])
        server.execute(PLATFORM, "action_activate", [[self.id]])
        # as the buttons do it: the dialog is opened, and saved when it is closed
        action = server.execute(PLATFORM, "action_show_secret", [[self.id]])
        self.secret = action["context"]["default_secret"]
        server.execute(
            action["res_model"],
            "create",
            [[{"platform_id": self.id, "secret": self.secret}]],
            {"context": action["context"]},
        )
        (found,) = server.execute(
            PLATFORM, "read", [[self.id], ["header_name", "signature_prefix"]]
        )
        self.header, self.prefix = found["header_name"], found["signature_prefix"] or ""
        self.url = f"{server.url}/construction_sync/v1/{self.key}/events"

    def proof(self, body, secret):
        if self.scheme == "standard_webhooks":
            return StandardWebhooks(secret).headers("msg_1", body, time.time())
        if self.scheme == "bearer":
            return {"Authorization": f"Bearer {secret}"}
        if self.scheme == "static_header":
            return {self.header: secret}
        algorithm, write = DIGESTS[self.scheme]
        digest = hmac.digest(secret.encode(), body, getattr(hashlib, algorithm))
        return {self.header: self.prefix + write(digest)}

    def post(self, body, mimetype=STRUCTURED, secret=None, query=""):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": mimetype, **self.proof(body, secret or self.secret)}
        return requests.post(self.url + query, data=body, headers=headers, timeout=60)


def event(event_type, data, **more):
    name = event_type.split(".")[0]
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": SOURCE,
        "type": f"construction.{event_type}.v1",
        "subject": f"{name}/{data.get('external_id', uuid.uuid4().hex)}",
        "time": "2026-10-01T12:00:00Z",
        "sequence": "1",
        "data": data,
        **more,
    }


def job(number, **more):
    return event("job.upserted", {"external_id": number, "number": number, "name": f"Job {number}",
                                  "status": "active", **more})  # fmt: skip


def spellings(text):
    """The text as it is, in base64 at each of three positions, and both in hex: PostgreSQL
    shows binary columns so, and bodies are stored as base64."""
    plain = text.encode()
    encoded = [text]
    for shift in range(3):
        middle = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
        encoded.append(middle.decode())
    return encoded + [item.encode().hex() for item in encoded]


def columns_with(server, text):
    """Every (table, column) of the database that holds the text in some spelling."""
    tables = server.psql(
        "SELECT c.oid::regclass::text, c.relname FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'"
    )
    assert len(tables) > 300
    holds = "EXISTS (SELECT FROM unnest(%s) AS n WHERE position(n IN {}::text) > 0)"
    needles, found = spellings(text), set()
    for table, name in tables:
        if not server.psql(
            f"SELECT 1 FROM {table} t WHERE {holds.format('t')} LIMIT 1", (needles,)
        ):
            continue
        for (column,) in server.psql(
            "SELECT column_name::text FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s", (name,)
        ):  # fmt: skip
            test = holds.format(f't."{column}"')
            if server.psql(f"SELECT 1 FROM {table} t WHERE {test} LIMIT 1", (needles,)):
                found.add((name, column))
    return found


@pytest.fixture(scope="module")
def drill():
    """Everything that can go right and wrong, once; then the tests look for what it left."""
    from .server import Server

    server = Server(
        options=[
            "--log-handler=odoo.addons.construction_sync_base:DEBUG",
            "--log-handler=odoo.addons.queue_job:DEBUG",
        ]
    )
    try:
        server.start()
        yield Drill(server)
    finally:
        server.stop()


class Drill:
    def __init__(self, server):
        self.server = server
        self.started = time.time()
        Platform(server)  # a chart of accounts and its map
        self.wage = f"wagecanary{secrets.token_hex(8)}"
        self.refused = f"refusedcanary{secrets.token_hex(8)}"
        self.guess = f"guesscanary{secrets.token_urlsafe(24)}"
        description = server.execute(PLATFORM, "fields_get", [["auth_scheme"]])
        schemes = [value for value, _label in description["auth_scheme"]["selection"]]
        self.senders = [Sender(server, scheme) for scheme in schemes]
        for sender in self.senders:
            self.knock(sender)
        self.apply()
        self.logs = server.log_path.read_text(errors="replace")

    def knock(self, sender):
        """The right secret, wrong ones, and bodies that cannot be read."""
        ping = event("platform.pinged", {"note": self.wage})
        assert sender.post(ping).status_code == 202, sender.scheme
        assert sender.post(ping).status_code == 200, "a duplicate"
        assert sender.post(ping | {"data": {"note": self.wage + "2"}}).status_code == 202
        wrong = self.guess
        if sender.scheme == "standard_webhooks":
            wrong = "whsec_" + self.guess_in_base64
        assert sender.post(ping, secret=wrong).status_code == 401
        query = f"?token={self.guess}&secret={sender.secret}"
        assert sender.post(ping, query=query).status_code == 200
        headers = {"Content-Type": STRUCTURED, "Authorization": f"Bearer {sender.secret}x"}
        assert requests.post(sender.url, b"{}", headers=headers, timeout=60).status_code == 401
        broken = json.dumps({"data": {"filler": "x" * 500, "wage": self.wage}})[:-1].encode()
        assert sender.post(broken).status_code == 202
        no_subject = event("job.upserted", {"wage": self.wage})
        del no_subject["subject"]
        assert sender.post(no_subject).status_code == 202
        self.knock_at_the_others(sender)
        if sender.scheme == "bearer":
            place = f"{sender.url}?source={SOURCE}&id={ping['id']}"
            key = {"Authorization": f"Bearer {sender.secret}"}
            assert requests.get(place, headers=key, timeout=60).status_code == 200

    def knock_at_the_others(self, sender):
        """A file and a webhook, with the right secret and with a wrong one."""
        base = sender.url.removesuffix("/events")
        file = secrets.token_bytes(64)
        place = f"{base}/files/{hashlib.sha256(file).hexdigest()}"
        webhook = json.dumps({"id": uuid.uuid4().hex, "wage": self.wage}).encode()
        translated = sender.adapter != "canonical"
        for secret, stored, webhook_status in (
            (sender.secret, 201, 202 if translated else 404),
            ("whsec_" + self.guess_in_base64, 401, 401 if translated else 404),
        ):
            kind = {"Content-Type": "application/octet-stream"}
            answer = requests.put(
                place, data=file, headers=kind | sender.proof(file, secret), timeout=60
            )
            assert answer.status_code == stored, (sender.scheme, answer.text)
            kind = {"Content-Type": "application/json"}
            answer = requests.post(
                f"{base}/webhooks?key={self.guess}",
                data=webhook, headers=kind | sender.proof(webhook, secret), timeout=60,
            )  # fmt: skip
            assert answer.status_code == webhook_status, (sender.scheme, answer.text)

    @property
    def guess_in_base64(self):
        return base64.b64encode(self.guess.encode()).decode()

    def apply(self):
        """Applied, parked, refused by the schema, refused by the database for good and for now."""
        sender, server = self.senders[0], self.server
        server.psql(
            "ALTER TABLE project_project ADD CONSTRAINT canary"
            " CHECK (name::text NOT LIKE '%refusedcanary%')"
        )
        server.psql("""
            CREATE FUNCTION canary() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'not now' USING DETAIL = NEW.name; END $$;
            CREATE TRIGGER canary BEFORE INSERT ON project_project FOR EACH ROW
                WHEN (NEW.name::text LIKE '%postponed%') EXECUTE FUNCTION canary()
        """)
        number = secrets.token_hex(4)
        custom = {"custom": {"hourly": self.wage}}
        good = job(f"{number}-1", **custom)
        forged = f"2026-11-22 00:00:00,000 1 CRITICAL db odoo: {self.refused}"
        refused = job(f"{number}-2", **custom) | {"sequence": "1"}
        refused["data"]["name"] = f"refused {self.refused}\n{forged}"
        postponed = job(f"{number}-3", **custom)
        postponed["data"]["name"] = f"postponed {self.refused}\n{forged}"
        unknown = event("budget.approved", {
            "external_id": f"{number}-B", "job": "nowhere", "version": "1", "currency": "USD",
            "lines": [{"cost_code": "x", "cost_type": "material", "amount": "1.00"}], **custom,
        })  # fmt: skip
        wrong = event("vendor.upserted", {"external_id": f"{number}-V", "name": 7, **custom})
        strange = event("payslip.confirmed", {"external_id": f"{number}-P", "wage": self.wage})
        batch = [good, refused, postponed, unknown, wrong, strange]
        assert sender.post(batch, BATCHED).status_code == 202

        def settled():
            rows = server.psql(
                "SELECT event_id, state, failures FROM construction_event WHERE platform_id = %s",
                (sender.id,),
            )
            now = {event_id: (state, failures) for event_id, state, failures in rows}
            return now if (
                now[good["id"]][0] == "processed"
                and now[postponed["id"]][1] > 0
                and all(now[e["id"]][0] == "parked" for e in (refused, unknown, wrong, strange))
            ) else None  # fmt: skip

        wait_for(settled, 120, message="the events did not come to rest")

    @property
    def secrets(self):
        return {sender.scheme: sender.secret.removeprefix("whsec_") for sender in self.senders}


def test_the_search_finds_what_is_there(drill):
    """The control: what may be found is found, in both of its spellings, and nowhere else."""
    assert columns_with(drill.server, drill.wage) == EVIDENCE
    assert columns_with(drill.server, drill.refused) == EVIDENCE


def test_no_secret_stands_in_the_database(drill):
    assert len(drill.secrets) >= 6
    for scheme, secret in drill.secrets.items():
        assert not columns_with(drill.server, secret), scheme
    assert not columns_with(drill.server, drill.guess), "what was presented is not kept"


def test_no_file_holds_a_canary(drill):
    needles = [drill.wage, drill.refused, drill.guess, *drill.secrets.values()]
    for path in database.filestore(drill.server.db).rglob("*"):
        if path.is_file() and path.stat().st_mtime > drill.started:
            content = path.read_bytes().decode("latin-1")
            assert not any(item in content for n in needles for item in spellings(n)), path


def test_the_log_holds_no_canary_and_no_forged_line(drill):
    assert "DEBUG" in drill.logs and "values hidden" in drill.logs, "the failure was logged"
    for name, canary in {**drill.secrets, "wage": drill.wage, "refused": drill.refused,
                         "guess": drill.guess}.items():  # fmt: skip
        lines = [line for line in drill.logs.splitlines() for item in spellings(canary)
                 if item in line]  # fmt: skip
        assert not lines, f"{name}: {lines[:2]}"
    assert "Failing row" not in drill.logs
    assert not [line for line in drill.logs.splitlines() if " CRITICAL " in line]


def test_jobs_hold_ids_only(drill):
    rows = drill.server.psql(
        "SELECT to_jsonb(q)::text FROM queue_job q WHERE model_name LIKE 'construction.%'"
    )
    assert rows
    canaries = [drill.wage, drill.refused, drill.guess, *drill.secrets.values()]
    assert not any(item in text for (text,) in rows for c in canaries for item in spellings(c))


def test_no_export_holds_a_secret_and_wages_only_where_evidence_is_read(drill):
    """`export_data` of every field of every model, as each group."""
    server = drill.server
    models = [
        row["model"]
        for row in server.execute(
            "ir.model", "search_read",
            [[("model", "=like", "construction.%"), ("abstract", "=", False),
              ("transient", "=", False)], ["model"]],
        )
    ]  # fmt: skip
    assert len(models) > 15
    with_wages = {}
    for group in GROUPS:
        person = Person(server, group)
        for model in models:
            text = person.export(model)
            for scheme, secret in drill.secrets.items():
                assert not any(item in text for item in spellings(secret)), (group, model, scheme)
            if any(item in text for item in spellings(drill.wage)):
                with_wages.setdefault(group, set()).add(model)
        assert person.exported > 20, group
    readers = {"construction.event", "construction.delivery"}
    assert with_wages == {"integration_manager": readers, "auditor": readers}


class Person:
    """Somebody with one group and the right to export."""

    def __init__(self, server, group):
        self.server, self.exported = server, 0
        login = f"canary-{group}"
        found = [
            server.execute("ir.model.data", "search_read", [
                [("module", "=", module), ("name", "=", name)], ["res_id"],
            ])[0]["res_id"]
            for module, name in (
                ("construction_sync_base", f"group_{group}"), ("base", "group_allow_export"),
                ("base", "group_user"),
            )
        ]  # fmt: skip
        values = {"name": login, "login": login, "password": login, "group_ids": [(6, 0, found)]}
        server.execute("res.users", "create", [[values]])
        self.session = requests.Session()
        account = {"db": server.db, "login": login, "password": login}
        self.call("/web/session/authenticate", account)

    def call(self, path, params):
        call = {"jsonrpc": "2.0", "method": "call", "params": params}
        return self.session.post(self.server.url + path, json=call, timeout=120).json()

    def run(self, model, method, *args):
        params = {"model": model, "method": method, "args": list(args), "kwargs": {}}
        return self.call(f"/web/dataset/call_kw/{model}/{method}", params)

    def export(self, model):
        """All that `export_data` gives this person, as text; "" without access."""
        found = self.run(model, "search", [])
        if denied(found):
            return ""
        fields = self.run(model, "fields_get", [], ["exportable"])["result"]
        fields.pop("id")  # an external id, which a view cannot have
        names = [name for name, field in fields.items() if field.get("exportable", True)]
        answers = [self.run(model, "export_data", found["result"], names)]
        if denied(answers[0]):  # by a related record: then field by field
            answers = [self.run(model, "export_data", found["result"], [n]) for n in names]
        given = [answer["result"]["datas"] for answer in answers if not denied(answer)]
        self.exported += len(given[0])
        return json.dumps(given, ensure_ascii=False)


def denied(answer):
    if "result" in answer:
        return False
    assert "AccessError" in answer["error"]["data"]["name"], answer["error"]["data"]["message"]
    return True
