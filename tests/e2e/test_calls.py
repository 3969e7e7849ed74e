"""Calls of several workers at once to one platform (fault 42)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pure.construction_sync_base.tls_server import TlsServer

from .platform import Platform
from .server import RpcError

TOGETHER = 6


class Remote(TlsServer):
    """Gives tokens and takes the newest one only, as long as it has not been revoked."""

    def __init__(self, folder):
        super().__init__(folder, "localhost")
        self.given, self.revoked, self.ended = 0, False, False
        self.play = self.answer

    def answer(self, line):
        request = self.requests[-1]
        if request.startswith(b"POST /token"):
            time.sleep(0.3)  # long enough for the others to come
            if self.revoked:
                self.tell(line, 400, {"error": "invalid_grant"})
                return
            self.given, self.ended = self.given + 1, False
            token = {"access_token": f"token-{self.given}", "expires_in": 5400}
            self.tell(line, 200, token)
        elif not self.ended and f"Bearer token-{self.given}\r".encode() in request:
            self.tell(line, 200, {})
        else:
            self.tell(line, 401, {"error": "expired"})


@pytest.fixture
def remote(tmp_path):
    there = Remote(tmp_path)
    yield there
    there.stop()


def at_once(server, platform):
    """What became of calls by several workers: None, or what the user was told."""

    def call(_number):
        try:
            server.execute("construction.platform", "action_test_calls", [[platform.id]])
        except RpcError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(call, range(TOGETHER)))


def test_fault_42_one_worker_renews_and_the_others_take_it(new_server, remote):
    server = new_server(
        workers=4,
        environment={
            "CONSTRUCTION_SYNC_TRUSTED_NETWORKS": "127.0.0.0/8 ::1/128",
            "CONSTRUCTION_SYNC_CA_FILE": str(remote.ca),
        },
    )
    platform, there = Platform(server), f"https://localhost:{remote.port}"
    values = {
        "call_url": there, "call_auth": "oauth_client", "call_user": "id",
        "token_url": f"{there}/token", "call_test_path": "/me", "calls_burst": 1000,
    }  # fmt: skip
    server.execute("construction.platform", "write", [[platform.id], values])
    dialog = {"platform_id": platform.id, "purpose": "calls", "secret": "s-1"}
    server.execute("construction.secret.enter", "create", [[dialog]])

    assert at_once(server, platform) == [None] * TOGETHER
    assert remote.given == 1, "one worker asked for the token"

    remote.ended = True  # in the middle of a batch
    assert at_once(server, platform) == [None] * TOGETHER
    assert remote.given == 2, "one worker renewed it"

    remote.ended = remote.revoked = True
    told = at_once(server, platform)
    assert all("authorised again" in (text or "") for text in told), told
    asked = sum(request.startswith(b"POST /token") for request in remote.requests)
    assert asked == 3, "asked once more, then nobody"
    (messages,) = server.psql(
        "SELECT count(*) FROM mail_message WHERE model = 'construction.platform'"
        " AND res_id = %s AND body LIKE '%%invalid_grant%%'",
        (platform.id,),
    )
    assert messages == (1,)
