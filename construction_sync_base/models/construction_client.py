import base64
import json
import time
from dataclasses import asdict
from urllib.parse import urlencode

from odoo import api, models

from ..lib import hosts, networks, oauth, remote, ssrf
from ..lib.strict_json import dumps
from ..settings import setting
from ..transactions import own_transaction

TOKEN_LOCK = 0x43535954  # who renews a platform's token: (TOKEN_LOCK, platform id)


class ConstructionClient(models.AbstractModel):
    """The one way in which Odoo calls a platform.

    Every call asks first: may this database call it (a copy may not), does the breaker let it
    pass, does the rate. All three are shared by every worker of every node. The address is on
    the platform's own list and public (`lib/ssrf.py`), time and size of the answer are bounded,
    redirects are not followed. What is told is told to all: a wait pauses every worker.
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
        troubled = self._wait_for(platform, operation)

        def ask(credentials):
            return self._ask(platform, operation, troubled, (method, url, told | credentials, body))

        credentials = self._credentials(platform)
        answer, reading = ask(credentials)
        if reading.verdict == remote.TOKEN and platform.call_auth in oauth.GRANTS:
            answer, reading = ask(self._credentials(platform, refused=credentials))
        if reading.verdict != remote.DONE:
            raise remote.Refused(
                self.env._("%(platform)s: %(text)s", platform=platform.name, text=reading.text),
                reading=reading,
            )
        return answer, reading

    # ---------------------------------------------------------------- asking
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
                self.env._("%s is not called for a while: it did not answer.", platform.name), wait
            )
        if full:
            raise remote.Later(
                self.env._("%s is called as often as it allows.", platform.name), full
            )
        return troubled

    def _ask(self, platform, operation, troubled, request):
        """(answer, reading) of one request; tells breaker and rate what it showed.

        :param request: method, address, headers, body
        """
        Breaker = self.env["construction.breaker"]
        try:
            answer = self._guard(platform).call(*request)
        except ssrf.Unsafe as error:
            self.env["construction.audit"].sudo()._record(
                platform, "call_refused", {"rule": str(error)}
            )
            raise remote.Refused(
                self.env._("%(platform)s: %(rule)s", platform=platform.name, rule=str(error))
            ) from None
        except (ssrf.NoAnswer, ssrf.TooSlow, ssrf.TooLarge) as error:
            Breaker._failed(platform.id, operation, str(error))
            raise remote.Failed(str(error)) from None
        reading = remote.read(answer, time.time())
        if reading.verdict == remote.AGAIN:
            Breaker._failed(platform.id, operation, reading.text)
            raise remote.Failed(reading.text, reading.wait, reading)
        if troubled:
            Breaker._answered(platform.id, operation)
        if reading.wait:
            with own_transaction(self.env) as env:
                env["construction.rate"]._pause(
                    platform.id, platform._call_limit(), reading.wait, "calls"
                )
        if reading.verdict == remote.LATER:
            raise remote.Later(reading.text, reading.wait, reading)
        return answer, reading

    @api.model
    def _guard(self, platform):
        """Networks and authorities beyond the public ones are the installation's to trust,
        outside the database: who edits a platform cannot point it at the own network."""
        trusted = networks.parse(setting("CONSTRUCTION_SYNC_TRUSTED_NETWORKS", "trusted_networks"))
        authorities = setting("CONSTRUCTION_SYNC_CA_FILE", "ca_file")
        return ssrf.Guard(
            platform._call_hosts(), networks=map(str, trusted), verify=authorities or True
        )

    # ----------------------------------------------------------- credentials
    def _credentials(self, platform, refused=None):
        """Headers by which a call proves itself.

        :param refused: those that were not taken
        """
        kind = platform.call_auth
        if kind == "none":
            return {}
        if kind in oauth.GRANTS:
            return {"Authorization": f"Bearer {self._token(platform, refused).access}"}
        secret = platform._call_secret()
        if kind == "bearer":
            return {"Authorization": f"Bearer {secret}"}
        if kind == "basic":
            pair = f"{platform.call_user or ''}:{secret}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {platform.call_header or "Authorization": secret}

    def _token(self, platform, refused=None):
        """The token that is kept, renewed where it is due or was refused.

        One worker renews, the others wait and take what he brought. The new token is committed
        before anybody uses it: a refresh token may be good for one use.

        :raises remote.Failed, remote.Refused: there is none
        """
        token = self._kept_token(platform)
        if token and not self._stale(token, refused):
            return token
        with own_transaction(self.env) as env:
            env.cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", (TOKEN_LOCK, platform.id))
            owner = env["construction.platform"].browse(platform.id)
            client = env[self._name]
            owner._check_callable()  # another worker may have found it revoked
            token = client._kept_token(owner)
            if token and not self._stale(token, refused):
                return token
            try:
                token = client._renewed(owner, token)
            except oauth.Revoked as error:
                owner._note_revoked(str(error))
                failure = remote.Refused(
                    self.env._("%s has to be authorised again by a person.", platform.name)
                )
            except remote.CallError as error:
                failure = error
            else:
                owner._keep("token", json.dumps(asdict(token)))
                return token
        # what was noted is committed before anybody hears of it
        platform.invalidate_recordset(["call_state"])
        raise failure

    def _stale(self, token, refused):
        used = refused and refused.get("Authorization") == f"Bearer {token.access}"
        return used or token.is_due(time.time())

    def _kept_token(self, platform):
        row = platform._kept("token")
        return oauth.Token(**json.loads(platform._opened(row))) if row else None

    def _renewed(self, platform, before):
        """A new token, by the grant of the platform."""
        if platform.call_auth == "oauth_client":
            fields = oauth.client_credentials(platform.call_scope or "")
        elif before and before.refresh:
            fields = oauth.refresh(before.refresh)
        else:
            raise oauth.Revoked(self.env._("nobody has authorised it yet"))
        return self._granted(platform, fields, before)

    def _granted(self, platform, grant, before=None):
        """The token that the token endpoint gives for a grant.

        :raises oauth.Revoked: it does not take the grant
        :raises remote.Later, remote.Failed: no answer this time
        """
        Breaker = self.env["construction.breaker"]
        with own_transaction(self.env) as env:
            wait, troubled = env["construction.breaker"]._admit(platform.id, "token")
        if wait:
            raise remote.Later(self.env._("%s gives no tokens for a while.", platform.name), wait)
        headers, body = oauth.request(
            grant, platform.call_user or "", platform._call_secret(), platform.token_in_body
        )
        try:
            answer = self._guard(platform).call("POST", platform.token_url, headers, body)
            token = oauth.read(answer, time.time(), before)
        except (ssrf.NoAnswer, ssrf.TooSlow, ssrf.TooLarge) as error:
            Breaker._failed(platform.id, "token", str(error))
            raise remote.Failed(str(error)) from None
        except oauth.NoToken as error:
            Breaker._failed(platform.id, "token", str(error))
            raise remote.Failed(str(error), error.wait) from None
        except ssrf.Unsafe as error:
            raise remote.Refused(str(error)) from None
        if troubled:
            Breaker._answered(platform.id, "token")
        return token


def _joined(base, path, query):
    """The address of a path below the base, with its query fields encoded."""
    if hosts.place(path):  # an absolute address: the guard's list decides
        url = path
    else:
        url = f"{base.rstrip('/')}/{path.lstrip('/')}"
    fields = urlencode(list(query.items()) if isinstance(query, dict) else query or ())
    return f"{url}{'&' if '?' in url else '?'}{fields}" if fields else url
