"""Every refusal of the endpoint, RFC 9457: what it means and what the sender does next.

The one table: the controllers answer from it and the published documents are made from it.
"""

from dataclasses import dataclass

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:construction-sync:"


@dataclass(frozen=True, slots=True)
class Problem:
    """:param retry: the answer carries `Retry-After`; the same request may succeed later"""

    status: int
    title: str
    meaning: str
    retry: bool = False


PROBLEMS = {
    "length-mismatch": Problem(
        400,
        "The body ended early",
        "The body is not as long as Content-Length says. Send it again.",
    ),
    "hash-mismatch": Problem(
        400,
        "The address is not the SHA-256 of the body",
        "The file was damaged on its way, or its hash was computed of something else.",
    ),
    "unauthorized": Problem(
        401,
        "Not authenticated",
        "Nothing proves that the request comes from this platform. The reason is not told.",
    ),
    "unknown-platform": Problem(
        404, "No such platform", "The key in the address is wrong, or the platform is a draft."
    ),
    "unknown-event": Problem(
        404, "No such event", "No event of this source and id has arrived at this platform."
    ),
    "unknown-schema": Problem(404, "No such schema", "No installed addon handles this type."),
    "no-translator": Problem(
        404,
        "This platform posts canonical events",
        "Send to /events: its adapter reads no webhooks.",
    ),
    "deleted-platform": Problem(
        410, "This platform was deleted", "Stop sending; the platform was archived in Odoo."
    ),
    "length-required": Problem(411, "Send Content-Length", "The length has to be known before."),
    "too-large": Problem(413, "Send less at a time", "The body is larger than the limit."),
    "media-type": Problem(415, "Unsupported media type", "Send one of the media types listed."),
    "content-encoding": Problem(415, "Send the body unencoded", "No Content-Encoding is taken."),
    "rate-limited": Problem(
        429,
        "Too many requests",
        "Faster than this platform's limit; nothing was stored. Send it again after a while.",
        retry=True,
    ),
    "wrong-database": Problem(
        503,
        "Try again later",
        "This database is a copy, or was restored, and nobody has confirmed yet that it takes "
        "what the platform sends. Nothing was stored.",
        retry=True,
    ),
    "unavailable": Problem(
        503, "Try again later", "Nothing was stored. Send the same request again.", retry=True
    ),
}


def body(kind, title=None):
    """The members of the answer; `type` is stable and a client may branch on it.

    :param title: in place of the table's, where the answer can say more
    """
    problem = PROBLEMS[kind]
    return {
        "type": PREFIX + kind,
        "title": title or problem.title,
        "status": problem.status,
    }
