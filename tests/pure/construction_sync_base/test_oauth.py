"""OAuth as a client: forms of requests, and what answers of the token endpoint mean."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from requests.structures import CaseInsensitiveDict

from odoo.addons.construction_sync_base.lib import oauth, remote
from odoo.addons.construction_sync_base.lib.ssrf import Answer

NOW = 1_800_000_000.0
GOOD = {"access_token": "abc", "token_type": "bearer", "expires_in": 5400, "created_at": 1511289006}


def answer(value, status=200):
    headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    return remote.read(Answer(status, headers, json.dumps(value).encode()), NOW)


def test_client_credentials_in_the_body():
    headers, body = oauth.request(oauth.client_credentials("data:read"), "id 1", "s&cret")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in headers
    assert parse_qs(body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["data:read"],
        "client_id": ["id 1"], "client_secret": ["s&cret"],
    }  # fmt: skip


def test_basic():
    headers, body = oauth.request(oauth.refresh("r1"), "id:1", "s/ü", in_body=False)
    told = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert told == "id%3A1:s%2F%C3%BC"
    assert parse_qs(body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["r1"]}


def test_the_lifetime_is_theirs():
    token = oauth.read(answer(GOOD), NOW)
    assert token == oauth.Token("abc", NOW + 5400 - oauth.RENEW_BEFORE, "")
    assert not token.is_due(NOW + 5400 - oauth.RENEW_BEFORE - 1)
    assert token.is_due(NOW + 5400 - oauth.RENEW_BEFORE)


@pytest.mark.parametrize("told,seconds", [
    ("1800", 1680), (None, 780), ("soon", 780), (0, 780), (-5, 780), (1e300, 30 * 86400 - 120),
    (60, 45),
])  # fmt: skip
def test_odd_lifetimes(told, seconds):
    """One of a minute is renewed after three quarters of it, not before each call."""
    assert oauth.read(answer(GOOD | {"expires_in": told}), NOW).renew_at == NOW + seconds


def test_a_refresh_token_is_used_once_where_a_new_one_comes():
    before = oauth.Token("old", NOW, "r1")
    assert oauth.read(answer(GOOD | {"refresh_token": "r2"}), NOW, before).refresh == "r2"
    assert oauth.read(answer(GOOD), NOW, before).refresh == "r1"


@pytest.mark.parametrize("error,status", [
    ("invalid_grant", 400), ("invalid_client", 401), ("unauthorized_client", 403), ("x", 401),
])  # fmt: skip
def test_revoked(error, status):
    with pytest.raises(oauth.Revoked, match="not valid"):
        oauth.read(answer({"error": error, "error_description": "not valid"}, status), 0)


@pytest.mark.parametrize("value,status", [
    ({"error": "busy"}, 503), ({"error": "slow down"}, 429), ({}, 200), ([], 200),
    ({"access_token": None}, 200), ({"access_token": "a\nb"}, 200),
    (GOOD | {"token_type": "mac"}, 200), ({"message": "forbidden"}, 403), ({}, 404), ({}, 302),
    ({"error": "invalid_scope"}, 400),
])  # fmt: skip
def test_no_token_this_time(value, status):
    """The page of a firewall and a wrong address revoke nothing."""
    with pytest.raises(oauth.NoToken):
        oauth.read(answer(value, status), NOW)


def test_the_walk_to_the_page_and_back():
    walk, other = oauth.Attempt.new(), oauth.Attempt.new()
    fields = parse_qs(urlsplit(walk.address("https://login.test/auth", "id", "https://o.test/b",
                                            "data:read")).query)  # fmt: skip
    challenge = base64.urlsafe_b64encode(hashlib.sha256(walk.verifier.encode()).digest())
    assert fields["code_challenge"] == [challenge.decode().rstrip("=")]
    assert fields["scope"] == ["data:read"]
    assert walk.is_mine(fields["state"][0])
    assert not other.is_mine(fields["state"][0])
    assert not walk.is_mine(None)
    assert (
        oauth.code_grant("c", "https://o.test/b", walk.verifier)["code_verifier"] == walk.verifier
    )
