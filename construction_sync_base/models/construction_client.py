import base64
import time
from urllib.parse import urlencode

from odoo import api, models

from ..lib import hosts, networks, oauth, remote, ssrf
from ..lib.strict_json import dumps
from ..settings import setting
from ..transactions import own_transaction


class ConstructionClient(models.AbstractModel):
    """The one way in which Odoo calls a platform.

    Every call asks first: may this database call it (a copy may not), does the rate let it
    pass, does the breaker. All three are shared by every worker of every node. The address is
    on the platform's own list and public (`lib/ssrf.py`), time and size of the answer are
    bounded, redirects are not followed. A wait that is told pauses every worker.
    """

    _name = "construction.client"
    _description = "Calls to Platforms"

    @api.model
    def _call(self, platform, method, path, query=None, value=None, key=None, headers=None):
        """Send one request and read what is answered.

        :param path: from the platform's address for calls on
        :param query: dict, or pairs, of query fields
        :param value: sent as JSON
        :param key: the same for every try of the same thing; sent as `Idempotency-Key`
        :return: (`ssrf.Answer`, `remote.Reading`), done as asked
        :raises remote.Later: nobody calls for a while; no attempt is used up
        :raises remote.Failed: no answer, or none that can be read
        :raises remote.Refused: they say no, or it may not be called
        """
        platform = platform.sudo()
        platform._check_callable()
        operation = "read" if method in ("GET", "HEAD") else "write"
        url = _joined(platform.call_url, path, query)
        body = None if value is None else dumps(value).encode()
        told = {"Accept": "application/json"} | (headers or {})
        if body is not None:
            told["Content-Type"] = "application/json"
        if key:
            told["Idempotency-Key"] = key
        credentials = self._credentials(platform)
        answer, reading = self._send(platform, operation, method, url, told | credentials, body)
        if reading.verdict == remote.TOKEN and platform.call_auth in oauth.GRANTS:
            told |= self._credentials(platform, refused=credentials)
            answer, reading = self._send(platform, operation, method, url, told, body)
        if reading.verdict != remote.DONE:
            raise remote.Refused(
                self.env._("%(platform)s: %(text)s", platform=platform.name, text=reading.text),
                reading=reading,
            )
        return answer, reading

    def _send(self, platform, operation, method, url, headers, body):
        """(answer, reading) of one request; breaker and rate are asked before, and told what it
        showed."""
        guard = self._guard(platform)
        troubled = self._wait_for(platform, operation)
        Breaker = self.env["construction.breaker"]
        try:
            answer = guard.call(method, url, headers, body)
        except ssrf.Unsafe as error:
            self._note_unsafe(platform, str(error))
            raise remote.Refused(
                self.env._("%(platform)s: %(rule)s", platform=platform.name, rule=str(error))
            ) from None
        except (ssrf.NoAnswer, ssrf.TooSlow, ssrf.TooLarge) as error:
            Breaker._failed(platform.id, operation, str(error))
            raise self._failure(platform, str(error)) from None
        reading = remote.read(answer, time.time(), expects_body=method == "GET")
        if reading.wait:
            with own_transaction(self.env) as env:
                env["construction.rate"]._pause(
                    platform.id, platform._call_limit(), reading.wait, "calls"
                )
        if reading.verdict == remote.AGAIN:
            Breaker._failed(platform.id, operation, reading.text)
            raise self._failure(platform, reading.text, reading)
        if troubled:
            Breaker._answered(platform.id, operation)
        if reading.verdict == remote.LATER:
            raise remote.Later(
                self.env._("%s is called as often as it allows.", platform.name),
                reading.wait,
                reading,
            )
        return answer, reading

    def _failure(self, platform, why, reading=None):
        text = self.env._("%(platform)s did not answer: %(why)s", platform=platform.name, why=why)
        return remote.Failed(text, reading and reading.wait, reading)

    def _wait_for(self, platform, operation):
        """:return: whether the breaker has to be told of an answer
        :raises remote.Later: the breaker is open, or the rate is used up
        """
        with own_transaction(self.env) as env:
            # the rate first: who is admitted as the probe has to call
            full = env["construction.rate"]._take(platform.id, platform._call_limit(), "calls")
            wait, troubled = 0.0, False
            if not full:
                wait, troubled = env["construction.breaker"]._admit(platform.id, operation)
        if wait:
            raise remote.Later(
                self.env._("%s is not called for a while: it did not answer.", platform.name),
                min(wait, remote.LONGEST),
            )
        if full:
            raise remote.Later(
                self.env._("%s is called as often as it allows.", platform.name), full
            )
        return troubled

    def _note_unsafe(self, platform, rule):
        """In the audit, whatever becomes of the work that called."""
        with own_transaction(self.env) as env:
            audit = env(user=self.env.uid)["construction.audit"].sudo()
            audit._record(platform.with_env(audit.env), "call_refused", {"rule": rule})

    @api.model
    def _guard(self, platform, places=None):
        """Networks and authorities beyond the public ones are the installation's to trust,
        outside the database: who edits a platform cannot point it at the own network.

        :param places: hosts that may be called; those of the platform's own addresses by default

        :raises remote.Refused: what the installation trusts cannot be read
        """
        trusted = setting("CONSTRUCTION_SYNC_TRUSTED_NETWORKS", "trusted_networks")
        authorities = setting("CONSTRUCTION_SYNC_CA_FILE", "ca_file")
        try:
            return ssrf.Guard(
                places or platform._call_hosts(),
                networks=map(str, networks.parse(trusted)),
                verify=authorities or True,
            )
        except ValueError as error:
            raise remote.Refused(
                self.env._("%(platform)s: %(rule)s", platform=platform.name, rule=str(error))
            ) from None

    def _credentials(self, platform, refused=None):
        """Headers by which a call proves itself.

        :param refused: those that were not taken
        """
        kind = platform.call_auth
        if kind == "none":
            return {}
        if kind in oauth.GRANTS:
            used = (refused or {}).get("Authorization", "").removeprefix("Bearer ")
            token = self.env["construction.token"]._valid(platform, used)
            return {"Authorization": f"Bearer {token}"}
        secret = platform._call_secret()
        if kind == "bearer":
            return {"Authorization": f"Bearer {secret}"}
        if kind == "basic":
            pair = f"{platform.call_user or ''}:{secret}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {platform.call_header or "Authorization": secret}


def _joined(base, path, query):
    """The address of a path below the base, with its query fields encoded. An address that is
    whole is left to the guard's list."""
    url = path if hosts.place(path) else f"{base.rstrip('/')}/{path.lstrip('/')}"
    fields = urlencode(list(query.items()) if isinstance(query, dict) else query or ())
    return f"{url}{'&' if '?' in url else '?'}{fields}" if fields else url
