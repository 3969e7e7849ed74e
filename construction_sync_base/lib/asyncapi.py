"""The AsyncAPI 3.0 document of an installation: which events it takes, where, and which it
tells subscribers."""

from . import endpoints, envelope
from .openapi import DESCRIPTION, TITLE, VERSION, event_schemas

_SCHEMAS = "#/components/schemas/"


def document(versions, schemes, host, protocol="https", told=()):
    """The document as a dict.

    :param versions: the `lib.catalogue.TypeVersion`s that the installation applies
    :param schemes: keys of the authentication schemes that a platform may have
    :param host: name and port of the installation
    :param told: the `TypeVersion`s that subscribers are told
    """
    versions = sorted(versions, key=lambda version: version.type)
    told = sorted(told, key=lambda version: version.type)
    schemes = [name for name in endpoints.SCHEMES if name in set(schemes)]
    names = [version.type for version in versions]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "defaultContentType": envelope.STRUCTURED,
        "servers": {
            "odoo": {
                "host": host,
                "protocol": protocol,
                "pathname": endpoints.BASE,
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in schemes],
            }
        },
        "channels": {
            "events": {
                "address": "/{platform}/events",
                "description": "Events of one platform. Those with one subject are applied in "
                "order.",
                "parameters": {"platform": {"description": "Key of the platform in Odoo."}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
                "bindings": {"http": {"bindingVersion": "0.3.0"}},
            }
        }
        | _told_channel(told),
        "operations": {
            "receiveEvents": {
                "action": "receive",
                "channel": {"$ref": "#/channels/events"},
                "summary": "Odoo takes the platform's events.",
                "messages": [{"$ref": f"#/channels/events/messages/{name}"} for name in names],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            }
        }
        | _told_operation(told),
        "components": {
            "schemas": event_schemas([*versions, *told], _SCHEMAS),
            "messages": {version.type: _message(version) for version in [*versions, *told]},
            "securitySchemes": {name: _security_scheme(name) for name in schemes},
        },
    }


def _told_channel(told):
    """The address of a subscription, which its owner chooses."""
    if not told:
        return {}
    names = {version.type: {"$ref": f"#/components/messages/{version.type}"} for version in told}
    return {
        "told": {
            "address": None,
            "description": "The https address of a subscription. Events with one subject come in "
            "order; one may come twice, under the same id. Signed as Standard Webhooks.",
            "messages": names,
            "bindings": {"http": {"bindingVersion": "0.3.0"}},
        }
    }


def _told_operation(told):
    if not told:
        return {}
    return {
        "sendEvents": {
            "action": "send",
            "channel": {"$ref": "#/channels/told"},
            "summary": "Odoo tells subscribers.",
            "messages": [{"$ref": f"#/channels/told/messages/{one.type}"} for one in told],
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        }
    }


def _message(version):
    kind = "R: a snapshot, newer replaces older." if version.replaces else "D: a movement."
    lines = [version.schema.get("description", ""), kind]
    if version.deprecated_on:
        lines.append(f"Deprecated since {version.deprecated_on}.")
    if version.sunset_on:
        lines.append(f"Understood until {version.sunset_on} at least.")
    if version.successor:
        lines.append(f"Send {version.successor} instead.")
    return {
        "name": version.type,
        "title": version.schema.get("title", version.type),
        "description": " ".join(line for line in lines if line),
        "contentType": envelope.STRUCTURED,
        "payload": {"$ref": f"{_SCHEMAS}{version.type}.event"},
    }


def _security_scheme(name):
    scheme = endpoints.SCHEMES[name]
    if not scheme.headers:
        return {"type": "http", "scheme": "bearer", "description": scheme.description}
    return {
        "type": "httpApiKey",
        "in": "header",
        "name": scheme.headers[-1],
        "description": f"{scheme.title}. {scheme.description}",
    }
