"""Makes the simulated platform in Odoo the way a person would: log in, four fields, activate.

Only public methods over the web client's JSON-RPC; nothing here knows the database.
"""

import itertools

import requests

from .contractor import BUILDERS, CIVIL

TIMEOUT = (5, 120)


class OdooError(RuntimeError):
    """Odoo answered a call with an error; the text is its message for the user."""


class Client:
    """A logged-in browser session, as far as calls are concerned."""

    def __init__(self, url: str, database: str, login: str, password: str):
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._ids = itertools.count(1)
        result = self._post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )
        if not result or not result.get("uid"):
            raise OdooError(f"login as {login} was refused")
        self.uid = result["uid"]
        user = self.call("res.users", "read", [[self.uid], ["company_id", "company_ids"]])[0]
        self.company_id = user["company_id"][0]
        self.company_ids = [self.company_id] + sorted(
            company for company in user["company_ids"] if company != self.company_id
        )

    def call(self, model: str, method: str, args: list, **kwargs):
        """One model method, in every company of the user once these are known."""
        companies = getattr(self, "company_ids", None)
        if companies:
            kwargs.setdefault("context", {"allowed_company_ids": companies})
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def _post(self, path, params):
        payload = {"jsonrpc": "2.0", "id": next(self._ids), "method": "call", "params": params}
        response = self._session.post(self.url + path, json=payload, timeout=TIMEOUT)
        response.raise_for_status()
        answer = response.json()
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise OdooError(data.get("message") or answer["error"].get("message"))
        return answer.get("result")


def provision(client: Client, key: str, name: str | None = None) -> dict:
    """The platform, ready to receive: {"id", "created", "secret", "api_key"}.

    An existing platform is used as it is; only a draft is activated, a paused one stays paused.
    Every call makes a new secret (the one before it stays valid) and a key that lasts a day.
    """
    found = client.call(
        "construction.platform",
        "search_read",
        [[["key", "=", key]], ["state", "company_ids"]],
        limit=1,
    )
    if found:
        platform = found[0]
    else:
        created = client.call(
            "construction.platform",
            "create",
            [
                {
                    "name": name or f"Simulated platform {key}",
                    "key": key,
                    "adapter": "canonical",
                    "auth_scheme": "standard_webhooks",
                }
            ],
        )
        platform_id = created[0] if isinstance(created, list) else created
        platform = client.call(
            "construction.platform", "read", [[platform_id], ["state", "company_ids"]]
        )[0]
    companies = _map_entities(client, platform["id"], _companies(client))
    missing = sorted(companies - set(platform["company_ids"]))
    if missing:
        client.call(
            "construction.platform",
            "write",
            [[platform["id"]], {"company_ids": [[4, company] for company in missing]}],
        )
    secret = client.call("construction.platform", "rotate_secret", [[platform["id"]]])
    if platform["state"] == "draft":
        client.call("construction.platform", "action_activate", [[platform["id"]]])
    api_key = client.call(
        "construction.platform", "create_api_key", [[platform["id"]]], name="simulator", days=1
    )
    return {"id": platform["id"], "created": not found, "secret": secret, "api_key": api_key}


def _companies(client):
    """Company id by legal entity: the user's own, and the other one that does civil work.

    With a single company both names mean that one.
    """
    others = client.call(
        "res.company",
        "search_read",
        [[["id", "in", client.company_ids], ["id", "!=", client.company_id]], ["name"]],
        order="id",
    )
    civil = [company for company in others if "civil" in company["name"].lower()] or others
    return {BUILDERS: client.company_id, CIVIL: civil[0]["id"] if civil else client.company_id}


def _map_entities(client, platform_id, entities):
    """Maps what is not mapped yet; returns the companies that the legal entities lead to."""
    known = client.call(
        "construction.crosswalk",
        "search_read",
        [
            [
                ["platform_id", "=", platform_id],
                ["kind", "=", "legal_entity"],
                ["external_value", "in", sorted(entities)],
                ["res_model", "=", "res.company"],
            ],
            ["external_value", "res_id"],
        ],
    )
    mapped = {row["external_value"]: row["res_id"] for row in known}
    for value in sorted(set(entities) - set(mapped)):
        mapped[value] = entities[value]
        client.call(
            "construction.crosswalk",
            "create",
            [
                {
                    "platform_id": platform_id,
                    "kind": "legal_entity",
                    "external_value": value,
                    "res_model": "res.company",
                    "res_id": mapped[value],
                }
            ],
        )
    return set(mapped.values())
