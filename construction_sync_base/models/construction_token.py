import json
import time
from dataclasses import asdict

from odoo import api, models

from ..lib import oauth, remote
from ..transactions import own_transaction

TOKEN_LOCK = 0x43535954  # who gets a platform's token: (TOKEN_LOCK, platform id)


class ConstructionToken(models.AbstractModel):
    """Tokens that platforms give us for calls.

    One worker gets a token while the others wait and take what he brings. It is committed in a
    transaction of its own before anybody uses it: a refresh token, and the code of an
    authorisation, are good for one use. Nothing is read from the caller's transaction, which
    may have begun before the token changed.
    """

    _name = "construction.token"
    _description = "Tokens of Calls"

    @api.model
    def _valid(self, platform, refused=""):
        """A token that may be used, renewed where it is due or was not taken.

        :param refused: the one that was not taken
        :raises remote.Later, remote.Failed, remote.Refused: there is none
        """
        with own_transaction(self.env) as env:
            owner = env["construction.platform"].browse(platform.id)
            token = env[self._name]._kept(owner)
            if _is_good(token, refused):
                return token.access
            token = env[self._name]._locked(owner)
            if _is_good(token, refused):
                return token.access
            try:
                owner._check_callable()  # another worker may have found it revoked
                fresh = env[self._name]._renewed(owner, token)
            except oauth.Revoked as error:
                owner._note_revoked(str(error))
                failure = remote.Refused(
                    self.env._("%s has to be authorised again by a person.", platform.name)
                )
            except remote.CallError as error:
                failure = error
            else:
                owner._keep("token", json.dumps(asdict(fresh)))
                return fresh.access
        # what was noted is committed before anybody hears of it
        platform.invalidate_recordset(["call_state"])
        raise failure

    @api.model
    def _authorized(self, platform, code, verifier):
        """Exchange the code of a person's authorisation, and keep the token. A code is good for
        one use: it is exchanged outside of a request that Odoo may run again.

        :raises oauth.Revoked: the platform does not take it
        :raises remote.CallError: no answer this time
        """
        failure = None
        with own_transaction(self.env) as env:
            owner = env["construction.platform"].browse(platform.id)
            env[self._name]._locked(owner)
            grant = oauth.code_grant(code, owner._authorized_url(), verifier)
            try:
                token = env[self._name]._granted(owner, grant)
            except (oauth.Revoked, remote.CallError) as error:
                failure = error
            else:
                owner._keep("token", json.dumps(asdict(token)))
                owner.call_state = "ready"
        if failure:
            raise failure

    def _locked(self, platform):
        """The token as it is once nobody else gets one."""
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", (TOKEN_LOCK, platform.id))
        self.env.invalidate_all()
        return self._kept(platform)

    def _kept(self, platform):
        row = platform._kept("token")
        return oauth.Token(**json.loads(platform._opened(row))) if row else None

    def _renewed(self, platform, before):
        """A new token, by the grant of the platform."""
        if platform.call_auth == "oauth_client":
            grant = oauth.client_credentials(platform.call_scope or "")
        elif before and before.refresh:
            grant = oauth.refresh(before.refresh)
        else:
            raise oauth.Revoked(self.env._("nobody has authorised it yet"))
        return self._granted(platform, grant, before)

    def _granted(self, platform, grant, before=None):
        """The token that the token endpoint gives for a grant.

        :raises oauth.Revoked: it does not take the grant
        :raises remote.CallError: no token this time
        """
        platform._check_allowed()
        platform._check_keys()
        headers, body = oauth.request(
            grant, platform.call_user or "", platform._call_secret(), platform.token_in_body
        )
        client = self.env["construction.client"]
        _answer, reading = client._send(
            platform, "token", "POST", platform.token_url, headers, body
        )
        try:
            return oauth.read(reading, time.time(), before)
        except oauth.NoToken as error:
            raise remote.Failed(
                self.env._(
                    "%(platform)s gave no token: %(why)s", platform=platform.name, why=str(error)
                ),
                error.wait,
                reading,
            ) from None


def _is_good(token, refused):
    return token and token.access != refused and not token.is_due(time.time())
