"""Webhooks: hooks and triggers, and what is put into their queues (wire formats 1.5)."""

import re
from collections import deque
from dataclasses import dataclass, field

from .payloads import payload
from .resources import RESOURCES, hook_of
from .wire import Refused, Reply, invalid, missing

HOOKS = "/rest/v1.0/webhooks/hooks"
VERSIONS = ("v2", "v2.0", "v3", "v3.0", "v4", "v4.0")


@dataclass
class Hook:
    id: int
    company: int | None
    project: int | None
    version: str
    namespace: str
    url: str
    headers: dict
    user: int
    triggers: dict = field(default_factory=dict)  # id → (resource name, event)
    queue: deque = field(default_factory=deque)  # of delivery.Event
    deliveries: list = field(default_factory=list)  # one row per attempt
    failing_since: float | None = None
    attempts: int = 0
    due: float = 0.0

    def shown(self):
        """The header's value is masked to its last five characters."""
        return {
            "id": self.id,
            "api_version": self.version,
            "namespace": self.namespace,
            "destination_url": self.url,
            "destination_headers": {k: f"*****{v[-5:]}" for k, v in self.headers.items()},
            "owned_by_company_id": self.company,
            "owned_by_project_id": self.project,
            "owned_by_user_id": self.user,
        }


@dataclass
class Event:
    """Something that a hook is to be told."""

    number: int
    at: float
    payload: dict
    deliveries: list = field(default_factory=list)


class Hooks:
    """CRUD of hooks and triggers; listens to the store and fills the queues."""

    def __init__(self, world, router):
        self.world, self.all = world, {}
        self.wake = lambda: None  # told that a queue has something
        world.store.listeners.append(self._changed)
        add, one = router.add, HOOKS + "/{hook_id}"
        add("GET", HOOKS, self._list)
        add("POST", HOOKS, self._create)
        add("GET", one, lambda call: Reply(200, self._hook(call).shown()))
        add("PATCH", one, self._update)
        add("DELETE", one, self._delete)
        add("GET", one + "/triggers", self._triggers)
        add("POST", one + "/triggers", self._add_trigger)
        add("DELETE", one + "/triggers/{id}", self._remove_trigger)
        add("POST", one + "/triggers/bulk", self._add_triggers)
        add("DELETE", one + "/triggers/bulk", self._remove_triggers)
        add("GET", one + "/deliveries", self._deliveries)
        add("GET", "/rest/v1.0/webhooks/resources", self._resources)
        add("GET", "/rest/v1.0/webhooks/resources/api_versions", self._versions)

    # -- hooks ---------------------------------------------------------------------------

    def _owner(self, call):
        """(company, project) of the call: exactly one is named."""
        company, project = call.number("company_id"), call.number("project_id")
        if (company is None) == (project is None):
            raise Refused(400, {"errors": "Name either a company_id or a project_id"})
        if company not in (None, call.company):
            raise missing()
        row = self.world.store.row("projects", project) if project else None
        if project and (row is None or row["_company"] != call.company):
            raise missing()
        return company, project

    def _hook(self, call):
        hook = self.all.get(call.number("hook_id"))
        if hook is None or (hook.company, hook.project) != self._owner(call):
            raise missing()
        return hook

    def _list(self, call):
        owner, namespace = self._owner(call), call.one("namespace")
        found = [
            hook.shown()
            for hook in self.all.values()
            if (hook.company, hook.project) == owner and namespace in (None, hook.namespace)
        ]
        return Reply(200, found)

    def _create(self, call):
        company, project = self._owner(call)
        fields = call.value.get("hook") or {}
        hook = Hook(self.world.store.new_id(), company, project, "v2", "procore", "", {}, call.user)
        self._set(hook, fields)
        if not hook.url:
            raise invalid(destination_url="can't be blank")
        self.all[hook.id] = hook
        return Reply(201, hook.shown())

    def _update(self, call):
        hook = self._hook(call)
        self._set(hook, call.value.get("hook") or {})
        return Reply(200, hook.shown())

    def _set(self, hook, fields):
        version = fields.get("api_version", hook.version)
        if version not in VERSIONS:
            raise invalid(api_version="is not known")
        namespace = fields.get("namespace", hook.namespace)
        if not re.fullmatch(r"[a-z0-9-]+", namespace or ""):
            raise invalid(namespace="is invalid")
        url = fields.get("destination_url", hook.url)
        if url and not re.match(r"https?://", url):
            raise invalid(destination_url="is invalid")
        hook.version, hook.namespace, hook.url = version, namespace, url
        headers = fields.get("destination_headers", hook.headers) or {}
        hook.headers = {name: str(value) for name, value in headers.items()}

    def _delete(self, call):
        del self.all[self._hook(call).id]
        return Reply(200, {})

    # -- triggers ------------------------------------------------------------------------

    def _offered(self, hook):
        """{name: events} of what the hook can be told. The platform lists company and project
        resources apart; that a hook takes only those of its own level is unverified."""
        return {
            one.hook: one.events
            for one in RESOURCES
            if one.hook and (one.scope == "company") == (hook.company is not None)
        }

    def _shown(self, hook, number):
        name, event = hook.triggers[number]
        return {
            "id": number,
            "webhook_hook_id": hook.id,
            "resource_name": name,
            "resource_id": None,
            "event_type": event.upper(),  # asked for in small letters, answered in capitals
            "company_id": hook.company,
            "project_id": hook.project,
            "user_id": hook.user,
        }

    def _triggers(self, call):
        hook = self._hook(call)
        return Reply(200, [self._shown(hook, number) for number in hook.triggers])

    def _add(self, hook, fields):
        name, event = fields.get("resource_name"), str(fields.get("event_type", "")).lower()
        offered = self._offered(hook)
        if name not in offered:
            raise invalid(resource_name="is not available")
        if event not in offered[name]:
            raise invalid(event_type="is not available for this resource")
        if (name, event) in hook.triggers.values():
            raise invalid(event_type="has already been taken")
        number = self.world.store.new_id()
        hook.triggers[number] = (name, event)
        return self._shown(hook, number)

    def _add_trigger(self, call):
        return Reply(201, self._add(self._hook(call), call.value.get("trigger") or {}))

    def _add_triggers(self, call):
        """The name of the list in the body is unverified."""
        hook, done, failed = self._hook(call), [], []
        for fields in call.value.get("triggers") or []:
            try:
                done.append(self._add(hook, fields))
            except Refused as error:
                failed.append({"code": "400", "trigger": fields} | error.reply.value)
        if failed:
            return Reply(207, {"success": done, "failed": failed})
        return Reply(200, {"success": done})

    def _remove_trigger(self, call):
        if self._hook(call).triggers.pop(call.number("id"), None) is None:
            raise missing()
        return Reply(200, {})

    def _remove_triggers(self, call):
        """The name of the list in the body is unverified."""
        hook, done, failed = self._hook(call), [], []
        for number in call.value.get("triggers") or []:
            if hook.triggers.pop(number, None) is None:
                failed.append({"code": "403", "trigger": number})
            else:
                done.append(number)
        if failed:
            return Reply(207, {"success": done, "failed": failed})
        return Reply(200, {"success": done})

    # -- what there is, and what became of it --------------------------------------------

    def _resources(self, call):
        company, _project = self._owner(call)
        probe = Hook(0, company, _project, "v2", "", "", {}, 0)
        return Reply(
            200,
            [
                {
                    "api_version": "v2",
                    "name": name,
                    "tools": name,
                    "except": [
                        fact for fact in ("create", "update", "delete") if fact not in facts
                    ],
                }
                for name, facts in sorted(self._offered(probe).items())
            ],
        )

    def _versions(self, call):
        self._owner(call)
        return Reply(200, ["v2.0", "v3.0", "v4.0"])

    def _deliveries(self, call):
        hook, wanted = self._hook(call), call.one("filter[status]", "any")
        outcomes = {
            "any": ("ok", "discarded", "retried", "failed"),
            "successful": ("ok",),
            "discarded": ("discarded",),
            "failing": ("failed",),
        }
        if wanted not in outcomes:
            raise invalid(status="is not included in the list")
        rows = [row for row in hook.deliveries if row["outcome"] in outcomes[wanted]]
        return Reply(200, rows)

    # -- events --------------------------------------------------------------------------

    def _changed(self, fact, table, row, by):
        resource = hook_of(table, row)
        if resource is None or fact not in resource.events:
            return
        for hook in self.all.values():
            # what is company's is told to the company's hooks, else to those of the project
            owner = row["_company"] if resource.scope == "company" else row.get("_project")
            mine = hook.company if resource.scope == "company" else hook.project
            if mine is None or mine != owner:
                continue
            if (resource.hook, fact) in hook.triggers.values():
                number, now = self.world.store.new_id(), self.world.clock.now()
                told = payload(hook.version, number, now, fact, resource, row, by)
                hook.queue.append(Event(number, now, told))
        self.wake()
