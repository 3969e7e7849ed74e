"""The endpoints of the contract: what each takes, what it answers, who may ask.

The published documents are made from this table, for the routes that an installation
really has; a test holds it to the controllers, both ways.
"""

from dataclasses import dataclass

from . import envelope, envelope_schema
from .problems import PROBLEMS

BASE = "/construction_sync/v1"
JSON = "application/json"
STRUCTURED = envelope.STRUCTURED
BATCHED = envelope.BATCH
METRICS = "text/plain"
# attributes of a binary event, whose body is its data
BINARY_HEADERS = tuple(
    f"ce-{name}" for name in envelope_schema.ATTRIBUTES if name != "datacontenttype"
)
SENDER = "sender"  # the scheme that the platform has in Odoo
PLATFORM_KEY = "bearer"
METRICS_KEY = "metrics"
OPEN = None

# refusals of every address that names a platform, and of every one that takes a body
_PLATFORM = ("unauthorized", "unknown-platform", "deleted-platform", "wrong-database")
_BODY = (
    "length-mismatch", "length-required", "too-large", "content-encoding", "rate-limited",
    "unavailable",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """:param schema: name under components, or None where the media type says it all"""

    status: int
    description: str
    schema: str | None = None
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    :param takes: {media type: name of a schema under components}
    :param problems: kinds of `lib.problems` with which it may refuse
    :param parameters: names under components
    """

    method: str
    path: str
    name: str
    summary: str
    description: str
    answers: tuple
    problems: tuple = ()
    access: str | None = OPEN
    takes: tuple = ()
    parameters: tuple = ()

    def __post_init__(self):
        unknown = set(self.problems) - PROBLEMS.keys()
        if unknown:
            raise ValueError(f"{self.name} names unknown problems: {sorted(unknown)}")


_VERDICTS = (
    Answer(202, "Stored. Each event has its own verdict.", "Verdicts"),
    Answer(200, "Nothing new: every event was a duplicate.", "Verdicts"),
)

ENDPOINTS = (
    Endpoint(
        "POST",
        "/{platform}/events",
        "postEvents",
        "Send canonical events",
        "One CloudEvent, structured or binary (attributes in `ce-*` headers, the body is its "
        "`data`), or a batch of at most 1,000. The request checks the bytes and the "
        "envelope and stores; what is wrong with `data` becomes an issue afterwards, never an "
        "endless redelivery. A type that no addon handles is stored and waits.",
        _VERDICTS,
        (*_PLATFORM, *_BODY, "media-type"),
        SENDER,
        ((STRUCTURED, "Event"), (BATCHED, "Batch"), (JSON, "Data")),
        ("platform", *BINARY_HEADERS),
    ),
    Endpoint(
        "GET",
        "/{platform}/events",
        "getEvent",
        "Ask what became of an event",
        "Its state, the issues it raised and the documents it led to.",
        (Answer(200, "State of the event.", "EventState"),),
        (*_PLATFORM, "unknown-event", "unavailable"),
        PLATFORM_KEY,
        parameters=("platform", "source", "id"),
    ),
    Endpoint(
        "POST",
        "/{platform}/webhooks",
        "postWebhook",
        "Send a webhook in the platform's own format",
        "The body is stored as it came; the translator of the platform's adapter reads it "
        "afterwards. Identity is the platform's delivery id, else the SHA-256 of the body.",
        _VERDICTS,
        (*_PLATFORM, *_BODY, "media-type", "no-translator"),
        SENDER,
        ((JSON, "Webhook"),),
        ("platform",),
    ),
    Endpoint(
        "PUT",
        "/{platform}/files/{sha256}",
        "putFile",
        "Upload a file",
        "A file of at most 25 MiB that an event's `attachments[].sha256` names. It becomes an "
        "attachment of the document, whichever of file and event arrives first.",
        (
            Answer(201, "Stored.", "StoredFile"),
            Answer(200, "Known already; nothing was written.", "StoredFile"),
        ),
        (*_PLATFORM, *_BODY, "media-type", "hash-mismatch"),
        SENDER,
        (("application/octet-stream", "File"),),
        ("platform", "sha256"),
    ),
    Endpoint(
        "GET",
        "/openapi.json",
        "getOpenapi",
        "This document",
        "OpenAPI 3.1 of the endpoints and event types of this installation.",
        (Answer(200, "The document.", "Document"),),
        ("unavailable",),
    ),
    Endpoint(
        "GET",
        "/asyncapi.json",
        "getAsyncapi",
        "The events as AsyncAPI",
        "AsyncAPI 3.0 of the event types of this installation.",
        (Answer(200, "The document.", "Document"),),
        ("unavailable",),
    ),
    Endpoint(
        "GET",
        "/schemas/{type}",
        "getSchema",
        "Schema of an event type",
        "The file by which `data` of this type is checked, as it is.",
        (Answer(200, "JSON Schema.", "Document", "application/schema+json"),),
        ("unknown-schema", "unavailable"),
        parameters=("type",),
    ),
    Endpoint(
        "GET",
        "/health",
        "getHealth",
        "Liveness",
        "For a load balancer; says nothing else.",
        (Answer(200, "The server answers.", "Health"),),
    ),
    Endpoint(
        "GET",
        "/metrics",
        "getMetrics",
        "Metrics for Prometheus",
        "Readings of the engine, with an Integration Manager's key of scope construction_metrics.",
        (Answer(200, "Prometheus text format.", media=METRICS),),
        ("unauthorized", "unavailable"),
        METRICS_KEY,
    ),
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a sender proves who it is.

    :param headers: every one of them has to come with the request
    """

    title: str
    description: str
    headers: tuple = ()


SCHEMES = {
    "standard_webhooks": Scheme(
        "Standard Webhooks signature",
        "HMAC-SHA256 over `id.timestamp.body`, base64, as `v1,…`; several signatures may stand "
        "in the header, apart by blanks. The timestamp is Unix seconds and at most 300 away "
        "from ours, both ways.",
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
    ),
    "bearer": Scheme("Bearer API key", "An API key of this platform's own user."),
    "static_header": Scheme(
        "Static header",
        "A token in a header whose name is set on the platform, Authorization by default.",
        ("Authorization",),
    ),
    "hmac_sha1_hex": Scheme(
        "HMAC-SHA1, hexadecimal",
        "Of the raw body, in a header set on the platform, after a prefix set there too.",
        ("X-Adsk-Signature",),
    ),
    "hmac_sha256_hex": Scheme(
        "HMAC-SHA256, hexadecimal",
        "Of the raw body, in a header set on the platform, after a prefix set there too.",
        ("X-Signature",),
    ),
    "hmac_sha256_base64": Scheme(
        "HMAC-SHA256, base64",
        "Of the raw body, in a header set on the platform, after a prefix set there too.",
        ("X-Signature",),
    ),
}


def shape(path):
    """A path with its placeholders made equal, Odoo's way of writing them included."""
    parts = path.removeprefix(BASE).split("/")
    return "/".join("{}" if part[:1] in ("{", "<") else part for part in parts)


def present(routes):
    """The endpoints among `routes`, an iterable of (method, path as Odoo writes it)."""
    found = {(method, shape(path)) for method, path in routes}
    return [entry for entry in ENDPOINTS if (entry.method, shape(entry.path)) in found]
