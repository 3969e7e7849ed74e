"""The OpenAPI 3.1 document of an installation: its endpoints, schemes and event types.

A pure function of tables: the schema files that validate (`lib.catalogue`), the endpoints
(`lib.endpoints`) and the refusals (`lib.problems`).
"""

import copy

from . import endpoints, envelope, envelope_schema
from .problems import MEDIA_TYPE, PREFIX, PROBLEMS

VERSION = "1.0.0"  # of the contract: the first number stands in every address
TITLE = "Construction Sync"
DESCRIPTION = (
    "Business facts of a construction platform, applied once and in order to Odoo. An event is "
    "a CloudEvent 1.0; its `data` fits the schema of its type. R types are snapshots: a newer "
    "one replaces older ones. D types are movements: each adds once."
)
STATES = ("pending", "parked", "processed", "superseded", "dead", "discarded")
_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


def document(versions, routes, schemes):
    """The document as a dict.

    :param versions: the `lib.catalogue.TypeVersion`s that the installation applies
    :param routes: (method, path as Odoo writes it) of its controllers
    :param schemes: keys of the authentication schemes that a platform may have
    """
    versions = sorted(versions, key=lambda version: version.type)
    schemes = [name for name in endpoints.SCHEMES if name in set(schemes)]
    found = endpoints.present(routes)
    paths = {}
    for endpoint in found:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemes)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": endpoints.BASE}],
        "paths": paths,
        "components": {
            "schemas": _answers() | _bodies(versions) | event_schemas(versions, _SCHEMAS),
            "parameters": _parameters(versions),
            "headers": _headers(),
            "securitySchemes": _security_schemes(schemes),
        },
    }


# -------------------------------------------------------------------- events
def event_schemas(versions, prefix):
    """The types' schemas, `<type>` for the data and `<type>.event` for the whole event.

    What several files define alike under `$defs` stands once.

    :param prefix: of references, up to the name
    """
    result, shared = {}, {}
    for version in versions:
        schema = copy.deepcopy(version.schema)
        definitions = schema.pop("$defs", {})
        alike = all(
            shared.setdefault(name, copy.deepcopy(definition)) == definition
            for name, definition in definitions.items()
        )
        names = {name: name if alike else f"{version.type}.{name}" for name in definitions}
        for part in (schema, *definitions.values()):
            _point(part, names, prefix)
        for key in ("$schema", "$id"):
            schema.pop(key, None)
        result |= {names[name]: definition for name, definition in definitions.items()}
        result[version.type] = schema
        whole = envelope_schema.event(version.type, {"$ref": prefix + version.type})
        if version.deprecated_on:
            whole["deprecated"] = True
        result[f"{version.type}.event"] = whole
    return result


def _bodies(versions):
    """What a sender may post: one event of any type, or several."""
    names = {version.type: f"{_SCHEMAS}{version.type}.event" for version in versions}
    return {
        "Event": {
            "description": "One canonical event.",
            "oneOf": [{"$ref": name} for name in names.values()],
            "discriminator": {"propertyName": "type", "mapping": names},
        },
        "Data": {
            "description": "`data` of a binary event; `ce-type` says which.",
            "anyOf": [{"$ref": _SCHEMAS + version.type} for version in versions],
        },
        "Batch": {
            "description": "Several events, each with its own verdict.",
            "type": "array",
            "maxItems": envelope.MAX_BATCH,
            "items": {"$ref": f"{_SCHEMAS}Event"},
        },
    }


def _point(node, names, prefix):
    """Make references to `$defs` point to where the definitions stand now."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith("#/$defs/"):
            node["$ref"] = prefix + names[target.removeprefix("#/$defs/")]
        for inner in node.values():
            _point(inner, names, prefix)
    elif isinstance(node, list):
        for inner in node:
            _point(inner, names, prefix)


# --------------------------------------------------------------- operations
def _operation(endpoint, schemes):
    operation = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "responses": _responses(endpoint),
        "security": _security(endpoint.access, schemes),
    }
    if endpoint.parameters:
        operation["parameters"] = [
            {"$ref": f"#/components/parameters/{name}"} for name in endpoint.parameters
        ]
    if endpoint.takes:
        operation["requestBody"] = {
            "required": True,
            "content": {media: _content(schema) for media, schema in endpoint.takes},
        }
    return operation


def _content(schema):
    content = {"schema": {"$ref": _SCHEMAS + schema}}
    if schema in _EXAMPLES:
        content["examples"] = {"ping": {"value": _EXAMPLES[schema]}}
    return content


def _responses(endpoint):
    responses = {}
    for answer in endpoint.answers:
        schema = {"$ref": _SCHEMAS + answer.schema} if answer.schema else _TEXT
        responses[str(answer.status)] = {
            "description": answer.description,
            "content": {answer.media: {"schema": schema}},
        }
        if endpoint.takes:
            responses[str(answer.status)]["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in _HINTS
            }
    by_status = {}
    for kind in endpoint.problems:
        by_status.setdefault(PROBLEMS[kind].status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        responses[str(status)] = _refusal(kinds)
    return responses


def _refusal(kinds):
    """One response for all refusals of a status."""
    problems = [PROBLEMS[kind] for kind in kinds]
    own = {
        "properties": {
            "type": {"enum": [PREFIX + kind for kind in kinds]},
            "status": {"const": problems[0].status},
        }
    }
    response = {
        "description": " ".join(
            f"`{kind}`: {problem.meaning}" for kind, problem in zip(kinds, problems, strict=True)
        ),
        "content": {MEDIA_TYPE: {"schema": {"allOf": [{"$ref": f"{_SCHEMAS}Problem"}, own]}}},
    }
    if any(problem.retry for problem in problems):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response


def _security(access, schemes):
    if access == endpoints.SENDER:
        return [_requirement(scheme) for scheme in schemes]
    if access == endpoints.OPEN:
        return []
    return [{access: []}]


def _requirement(scheme):
    headers = endpoints.SCHEMES[scheme].headers
    if len(headers) < 2:
        return {scheme: []}
    return {f"{scheme}.{header}": [] for header in headers}


def _security_schemes(schemes):
    """A signature of several headers is several schemes that are required together."""
    found = {
        endpoints.METRICS_KEY: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key with scope construction_metrics of an Integration Manager.",
        },
        endpoints.PLATFORM_KEY: {
            "type": "http",
            "scheme": "bearer",
            "description": endpoints.SCHEMES[endpoints.PLATFORM_KEY].description,
        },
    }
    for name in schemes:
        scheme = endpoints.SCHEMES[name]
        for header in scheme.headers:
            key = name if len(scheme.headers) == 1 else f"{name}.{header}"
            found[key] = {
                "type": "apiKey",
                "in": "header",
                "name": header,
                "description": f"{scheme.title}. {scheme.description}",
            }
    return found


# --------------------------------------------------------------- components
_HINTS = {
    "Deprecation": "A type in this request is deprecated: from when on, RFC 9745.",
    "Sunset": "Until when a deprecated type in this request is understood at least, RFC 8594.",
    "Link": "The schema of the type that takes its place, rel successor-version.",
}
_EXAMPLES = {"Event": envelope_schema.EXAMPLE, "Batch": [envelope_schema.EXAMPLE]}


def _headers():
    texts = {"Retry-After": "Seconds to wait before the same request is sent again."} | _HINTS
    return {name: {"description": text, "schema": _TEXT} for name, text in texts.items()}


def _parameters(versions):
    """Parameters of addresses; the envelope's attributes as headers of the binary mode."""
    attributes = envelope_schema.ATTRIBUTES
    key = {"type": "string", "pattern": "^[a-z0-9-]{3,40}$"}
    types = {"type": "string", "enum": [version.type for version in versions]}
    binary = {
        f"ce-{name}": _parameter(
            f"ce-{name}", "header", f"Binary events: {name}.", _in_header(schema), required=False
        )
        for name, schema in attributes.items()
        if f"ce-{name}" in endpoints.BINARY_HEADERS
    }
    return binary | {
        "platform": _parameter("platform", "path", "Key of the platform in Odoo.", key),
        "sha256": _parameter(
            "sha256",
            "path",
            "SHA-256 of the body, in lower-case hex.",
            {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        ),
        "type": _parameter("type", "path", "Event type with its version.", types),
        "source": _parameter("source", "query", "Source of the event.", attributes["source"]),
        "id": _parameter("id", "query", "Id of the event.", attributes["id"]),
    }


def _in_header(schema):
    """An attribute's schema where every value is text."""
    return {key: value for key, value in schema.items() if key not in ("minimum", "type")} | _TEXT


def _parameter(name, place, description, schema, required=True):
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": schema,
    }


def _answers():
    """Schemas of what is sent and answered, the events of single types aside."""
    verdict = {"enum": ["accepted", "duplicate", "conflict", "malformed"]}
    return {
        "Problem": _object(
            "A refusal, RFC 9457.",
            type={"type": "string", "description": "Stable; a client may branch on it."},
            title=_TEXT,
            status={"type": "integer"},
        ),
        "Verdicts": _object(
            "What became of each event of the request.",
            correlation_id=_TEXT,
            accepted=_COUNT,
            duplicates=_COUNT,
            conflicts=_COUNT | {"description": "Known id, other content; the first one stays."},
            malformed=_COUNT | {"description": "Unreadable; kept, and an issue in Odoo."},
            results={
                "type": "array",
                "items": _object(
                    "One event, in the order of the body.",
                    event_id={"type": ["string", "null"]},
                    status=verdict,
                ),
            },
        ),
        "EventState": _object(
            "Where an event stands.",
            state={"enum": list(STATES)},
            correlation_id=_TEXT,
            attempts=_COUNT,
            issues={
                "type": "array",
                "items": _object("An issue.", category=_TEXT, message=_TEXT, state=_TEXT),
            },
            documents={
                "type": "array",
                "items": _object(
                    "A document in Odoo.", model=_TEXT, display_name=_TEXT, id={"type": "integer"}
                ),
            },
        ),
        "File": {"description": "The bytes of the file; any media type that is no form."},
        "StoredFile": _object("A file that is stored.", sha256=_TEXT, size=_COUNT),
        "Health": _object("Liveness.", status={"const": "pass"}),
        "Webhook": {"description": "Whatever the platform sends."},
        "Document": {"description": "A JSON document.", "type": "object"},
    }


def _object(description, **properties):
    return {
        "description": description,
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }
