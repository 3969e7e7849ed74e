"""Tokens, the company header and the rate windows of the Procore simulator; and the addon's own
client against it, over TLS."""

import re
from urllib.parse import parse_qs, urlsplit

import requests

from odoo.addons.construction_sync_base.lib import oauth, pages, remote
from odoo.addons.construction_sync_base.lib.ssrf import Guard

from tests.pure.construction_sync_base.tls_server import NAME, TlsServer, answers
from tests.simulator.procore_server import Clock, ProcoreServer
from tests.simulator.procore_server.store import COMPANY

BACK = "https://odoo.example/construction_sync/authorized"
VENDORS = "/rest/v1.0/vendors"


def _authorise(url, decision="allow", **more):
    """What a person does in the browser: the page, a button, back to the address."""
    fields = {"response_type": "code", "client_id": "sim-client", "redirect_uri": BACK} | more
    page = requests.get(f"{url}/oauth/authorize", params=fields, timeout=10)
    assert page.status_code == 200 and "<form" in page.text
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    answer = requests.post(
        f"{url}/oauth/authorize",
        data=form | {"decision": decision},
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 302 and answer.headers["Location"].startswith(BACK)
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_client_credentials_end_when_they_say(world, caller):
    told = caller.token()
    assert told["token_type"] == "bearer" and "refresh_token" not in told
    assert told["created_at"] == int(world.clock.now())
    assert caller.get(VENDORS).status_code == 200
    world.advance(told["expires_in"] - 1)
    assert caller.get(VENDORS).status_code == 200
    world.advance(1)
    assert caller.get(VENDORS).status_code == 401
    assert caller.grant(grant_type="client_credentials", client_secret="x").status_code == 401
    assert caller.grant(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_person_authorises_and_a_refresh_token_is_good_once(world, caller):
    attempt = oauth.Attempt.new()
    query = parse_qs(urlsplit(attempt.address("https://x/", "sim-client", BACK)).query)
    sent = {name: query[name][0] for name in ("state", "code_challenge", "code_challenge_method")}
    assert _authorise(world.url, "deny", **sent) == {
        "error": "access_denied",
        "state": attempt.state,
    }
    back = _authorise(world.url, **sent)
    assert attempt.is_mine(back["state"])
    fields = oauth.code_grant(back["code"], BACK, attempt.verifier)
    assert caller.grant(**fields | {"redirect_uri": BACK + "2"}).status_code == 400
    assert caller.grant(**fields).status_code == 400  # the wrong address has used up the code
    back = _authorise(world.url, **sent)
    assert caller.grant(**fields | {"code": back["code"], "code_verifier": "x"}).status_code == 400
    fields["code"] = _authorise(world.url, **sent)["code"]
    first = caller.grant(**fields).json()
    renewed = caller.grant(**oauth.refresh(first["refresh_token"])).json()
    assert renewed["access_token"] != first["access_token"]
    again = caller.grant(**oauth.refresh(first["refresh_token"]))
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    caller.session.headers["Authorization"] = f"Bearer {renewed['access_token']}"
    assert caller.get(VENDORS).status_code == 200
    requests.post(
        f"{world.url}/oauth/revoke",
        data=caller.pair | {"token": renewed["access_token"]},
        timeout=10,
    )
    assert caller.get(VENDORS).status_code == 401
    assert caller.grant(**oauth.refresh(renewed["refresh_token"])).status_code == 400


def test_nobody_is_sent_to_an_address_that_is_not_the_apps(world):
    fields = {"response_type": "code", "client_id": "nobody", "redirect_uri": BACK}
    answer = requests.get(f"{world.url}/oauth/authorize", params=fields, timeout=10)
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_every_call_names_its_company(world, caller):
    world.store.add("vendors", {"name": "A", "is_active": True, "_company": COMPANY})
    assert len(caller.ids(VENDORS)) == 1
    del caller.session.headers["Procore-Company-Id"]
    answer = caller.get(VENDORS)
    assert (answer.status_code, answer.text) == (400, "Missing Procore-Company-Id header!")
    assert caller.get("/rest/v1.0/me").status_code == 400  # a service account has to, even there
    code = _authorise(world.url)["code"]
    person = caller.grant(grant_type="authorization_code", code=code, redirect_uri=BACK).json()
    caller.session.headers["Authorization"] = f"Bearer {person['access_token']}"
    assert [row["id"] for row in caller.get("/rest/v1.0/companies").json()] == [COMPANY]
    world.store.add("companies", {"id": 8, "name": "Other"})
    caller.session.headers["Procore-Company-Id"] = "8"
    assert caller.ids(VENDORS) == []  # the wrong header shows nothing, without a word
    caller.session.headers["Procore-Company-Id"] = "9"
    assert caller.get(VENDORS).status_code == 403


def test_the_spike_window_and_the_hour(world, caller):
    world.limits.set(hourly=5, spike=3)
    seen = [caller.get(VENDORS) for _ in range(4)]
    assert [answer.status_code for answer in seen] == [200, 200, 200, 429]
    assert [answer.headers["X-Rate-Limit-Remaining"] for answer in seen] == ["2", "1", "0", "0"]
    assert seen[3].headers["Retry-After"] == "10"
    assert int(seen[3].headers["X-Rate-Limit-Reset"]) == int(world.clock.now()) + 10
    world.advance(10)
    # the hour is nearer to its end now, so the headers are about it
    left = [caller.get(VENDORS) for _ in range(3)]
    assert [answer.status_code for answer in left] == [200, 200, 429]
    assert [answer.headers["X-Rate-Limit-Limit"] for answer in left] == ["5", "5", "5"]
    assert int(left[2].headers["Retry-After"]) == 3590
    world.advance(3590)
    assert caller.get(VENDORS).status_code == 200
    world.limits.set(hourly=1, spike=1)
    caller.get(VENDORS)
    assert caller.get(VENDORS).headers["Retry-After"] == "3600"  # both are used up


def test_the_addons_client_reads_all_pages_over_tls(tmp_path):
    maker = TlsServer(tmp_path)  # only for its certificate
    maker.stop()
    with ProcoreServer(Clock(), tls=(tmp_path / "pair.pem",)) as world:
        made = [
            world.store.add("vendors", {"name": str(n), "is_active": True, "_company": COMPANY})
            for n in range(7)
        ]
        guard = Guard(
            [f"{NAME}:{world.port}"],
            resolve=answers("127.0.0.1"),
            networks=["127.0.0.1/32"],
            verify=str(maker.ca),
        )
        base, now = f"https://{NAME}:{world.port}", world.clock.now()
        headers, body = oauth.request(oauth.client_credentials(), "sim-client", "sim-secret")
        reading = remote.read(guard.call("POST", base + "/oauth/token", headers, body), now)
        token = oauth.read(reading, now)
        assert not token.is_due(now) and token.is_due(now + 5400)
        told = {"Authorization": f"Bearer {token.access}", "Procore-Company-Id": str(COMPANY)}

        def ask(fields):
            query = "&".join(f"{name}={value}" for name, value in fields.items())
            answer = guard.call("GET", f"{base}{VENDORS}?{query}", told, None)
            page = remote.read(answer, now, expects_body=True)
            assert page.verdict == remote.DONE
            return answer, page.value, page.value

        style, found, number = pages.Link(3), [], 0
        fields = style.first()
        while fields is not None:
            answer, value, rows = ask(fields)
            found, number = [*found, *(row["id"] for row in rows)], number + 1
            fields = pages.advance(style, fields, answer, value, len(rows), number)
        assert found == [row["id"] for row in made]
        world.fail("limited", path="vendors", retry_after="7")
        answer = guard.call("GET", base + VENDORS, told, None)
        assert (remote.read(answer, now).verdict, remote.read(answer, now).wait) == ("later", 7.0)
