"""The server itself: sockets, and the way of a request through token, rate, company, path."""

import re
import ssl
import threading
import time
import traceback
from collections import deque
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from . import faults as fault_lib
from .access import Access
from .clock import Clock, stamp
from .control import Control
from .delivery import Deliverer
from .erp import Erp
from .faults import Fault, Faults
from .hooks import Hooks
from .oauth import LIFETIME, App, Tokens
from .rates import Limits
from .rest import Rest
from .routes import Router
from .store import COMPANY, Store, shown
from .views import Views
from .wire import TEXT, Call, Refused, Reply, loads, missing

MOST_LOGGED = 5000  # requests that are remembered


class ProcoreServer:
    """A platform of its own, on a port of its own. Use it as a context, or start and stop it.

    :param clock: a `Clock`; one that stands still without it
    :param apps: `oauth.App`s that may ask for tokens; one without it
    :param port: 0: any that is free
    :param tls: (certificate file, key file or None): https
    :param hourly, spike: calls per hour and per ten seconds and app
    :param verify: authorities of https addresses that hooks are delivered to
    """

    def __init__(
        self, clock=None, apps=None, host="127.0.0.1", port=0, tls=None, hourly=100_000,
        spike=10_000, token_lifetime=LIFETIME, verify=True, delivery_timeout=5.0,
    ):  # fmt: skip
        self.clock = clock or Clock()
        self.store = Store(self.clock)
        self.access, self.faults = Access(), Faults(self.clock)
        self.tokens = Tokens(self.clock, apps or (App(),), token_lifetime)
        self.limits = Limits(self.clock, hourly, spike)
        self.router = Router()
        #: seconds after its making in which a record cannot be read yet
        self.lag = 0.0
        #: rows that move while somebody reads: {"table", "move", "times"}
        self.shifts = []
        #: what integrations wrote: {"at", "app", "fact", "table", "id", "values"}
        self.written = []
        #: requests that came: {"method", "path", "query", "status", "fault", "idempotency"}
        self.requests = deque(maxlen=MOST_LOGGED)
        #: tracebacks of the simulator's own mistakes; tests want it empty
        self.errors = []
        self.store.listeners.append(self._note_written)
        self.hooks = Hooks(self, self.router)
        self.deliverer = Deliverer(self.hooks, self.clock, delivery_timeout, verify)
        self.erp = Erp(self, self.router)
        self.rest = Rest(self, self.router)
        self.control = Control(self)
        self.router.add("GET", "/rest/v1.0/me", self._me)
        self.store.add("companies", {"id": COMPANY, "name": "Cedar Ridge", "is_active": True})
        Views(self, self.router)
        self.stopped = True
        self._server = _Listener((host, port), _Handler)
        self._server.world = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            # the handshake belongs to the thread of the connection, not to the one that accepts
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def start(self):
        self.stopped = False
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.deliverer.start()
        return self

    def stop(self):
        """Nobody is answered any more, on open connections neither."""
        self.stopped = True
        self._server.shutdown()
        self._server.server_close()
        self.deliverer.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    # -- for tests, in the same process --------------------------------------------------

    def fail(self, kind, **settings):
        """Switch a fault on; see `Fault`."""
        self.faults.add(Fault(kind, **settings))

    def advance(self, seconds):
        """Let time pass, and deliver what becomes due in it."""
        self.clock.advance(seconds)
        self.deliverer.settle()

    def after_page(self, table, rows):
        """Somebody has read a page: what was told to move does it now."""
        for shift in [one for one in self.shifts if one["table"] == table and rows]:
            shift["times"] -= 1
            if shift["times"] <= 0:
                self.shifts.remove(shift)
            first = rows[0]
            if shift["move"] == "touch":
                self.store.change(table, first["id"], {})
            elif shift["move"] == "delete":
                self.store.remove(table, first["id"])
            else:
                made = ("id", "created_at", "updated_at", "origin_id")
                self.store.add(table, {k: v for k, v in first.items() if k not in made})

    # -- one request ---------------------------------------------------------------------

    def handle(self, call):
        """The answer to a request; None where the line is to be cut instead."""
        if call.path.startswith("/_sim/"):
            return self._guarded(self.control.answer, call)
        fault = self.faults.take(call)
        entry = {"method": call.method, "path": call.path, "query": call.query}
        entry |= {"fault": fault.kind if fault else None, "status": None}
        # what it does at the platform is unverified, so here it does nothing
        entry["idempotency"] = call.headers.get("idempotency-token")
        self.requests.append(entry)
        if fault and fault.kind == "expired":
            self._guarded(self._expire, call)
        if fault and fault.kind in fault_lib.BEFORE and fault.kind != "expired":
            reply = fault_lib.instead(fault)
        else:
            reply = self._guarded(self._platform, call)
            reply = fault_lib.spoiled(fault, reply) if fault else reply
        if fault and fault.seconds:
            time.sleep(fault.seconds)
        if fault and fault.kind == "commit_timeout":
            return None
        entry["status"] = reply.status
        return reply

    def _guarded(self, handler, call):
        try:
            return handler(call)
        except Refused as error:
            return error.reply
        except Exception:
            self.errors.append(traceback.format_exc())
            return Reply(500, None, {}, self.errors[-1].encode(), TEXT)

    def _expire(self, call):
        self.tokens.holder(call.headers.get("authorization")).ends = 0.0

    def _platform(self, call):
        if call.path.startswith("/oauth/"):
            return self.tokens.answer(call)
        if not call.path.startswith("/rest/"):
            raise missing()
        grant = self.tokens.holder(call.headers.get("authorization"))
        call.app, call.user = grant.app, grant.app.user
        told = self.limits.take(grant.app.client_id)
        reply = self._guarded(lambda one: self._of_company(one, grant), call)
        reply.headers = told | reply.headers
        return reply

    def _of_company(self, call, grant):
        """Every call names its company. Only a person may leave it out, and only where the
        companies themselves are asked for."""
        free = re.fullmatch(r"/rest/v1\.0/(me|companies)", call.path) and not grant.service
        header = call.headers.get("procore-company-id", "")
        if not header and not free:
            # the text is documented, the status is unverified
            raise Refused(400, "Missing Procore-Company-Id header!")
        call.company = int(header) if header.isdigit() else 0
        known = self.store.row("companies", call.company)
        if not self.access.connected or (known is None and not free):
            raise Refused(403, {"errors": "App is not connected to this company"})
        call.value = loads(call.body)
        with self.store.lock:
            return self.router.answer(call)

    def _me(self, call):
        return Reply(200, {"id": call.user, "login": f"{call.app.client_id}@simulator.example"})

    def _note_written(self, fact, table, row, by):
        if by is not None:
            self.note(by, fact, table, row)

    def note(self, call, fact, table, row):
        """Keep what an integration wrote."""
        entry = {"at": stamp(self.clock.now()), "app": call.app.client_id, "fact": fact}
        self.written.append(entry | {"table": table, "id": row.get("id"), "values": shown(row)})

    def settings(self):
        """What is set, for people."""
        return {
            "now": stamp(self.clock.now()),
            "hourly": self.limits.hourly,
            "spike": self.limits.spike,
            "faults": [asdict(fault) for fault in self.faults.on()],
            "lag": self.lag,
            "shifts": self.shifts,
            "tables": {name: len(self.store.rows(name)) for name in self.store.tables()},
        }


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, _request, _address):
        """A caller that hangs up, or speaks no TLS, is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "procore-simulator", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    timeout = 60

    def _serve(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        base = f"{'https' if isinstance(self.connection, ssl.SSLSocket) else 'http'}://"
        call = Call(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            base + (self.headers.get("Host") or ""),
        )
        world = self.server.world
        reply = None if world.stopped else world.handle(call)
        if reply is None:
            self.close_connection = True
            return
        body = reply.bytes()
        self.send_response(reply.status)
        if reply.status != 204:
            self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve

    def log_message(self, *_more):
        """The world keeps its own log."""
