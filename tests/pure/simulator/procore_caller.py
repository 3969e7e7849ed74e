"""An integration as the tests of the Procore simulator play it, over real HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from tests.simulator.procore_server.store import COMPANY

TIMEOUT = 10


class Caller:
    """Calls with a token of client credentials, and for the company."""

    def __init__(self, url, verify=True):
        self.url, self.pair = url, {"client_id": "sim-client", "client_secret": "sim-secret"}
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, verify
        self.session.headers["Procore-Company-Id"] = str(COMPANY)
        self.token()

    def grant(self, **fields):
        """The answer of the token endpoint."""
        form = {**self.pair, **fields}
        address = f"{self.url}/oauth/token"
        return requests.post(address, data=form, timeout=TIMEOUT, verify=self.session.verify)

    def token(self):
        answer = self.grant(grant_type="client_credentials").json()
        self.session.headers["Authorization"] = f"Bearer {answer['access_token']}"
        return answer

    def call(self, method, path, value=None, **query):
        return self.session.request(
            method, self.url + path, json=value, params=query, timeout=TIMEOUT
        )

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def ids(self, path, **query):
        """Ids of one page."""
        return [row["id"] for row in self.get(path, **query).json()]

    def walk(self, path, **query):
        """Ids of all pages, by the links of the answers."""
        found, answer = [], self.get(path, **query)
        while True:
            found += [row["id"] for row in answer.json()]
            following = answer.links.get("next")
            if following is None:
                return found
            answer = self.session.get(following["url"], timeout=TIMEOUT)

    def sim(self, method, path, value=None):
        """The simulator's own address; its answer."""
        address, verify = f"{self.url}/_sim/{path}", self.session.verify
        answer = requests.request(method, address, json=value, timeout=TIMEOUT, verify=verify)
        answer.raise_for_status()
        return answer.json()


class Receiver:
    """What hooks are delivered to: keeps what comes, and answers as it is told."""

    def __init__(self):
        self.got, self.status = [], 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_more):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
