"""What Odoo tells others: CloudEvents 1.0, signed as Standard Webhooks, and what the answer of
a subscriber means for the message and for everything else that waits for it.

Sources: CloudEvents 1.0, Standard Webhooks 1.0 (2xx is taken, 410 ends the subscription, 429,
502, 503 and 504 ask for fewer, everything else is a failure; a redirect is one too).
"""

import re
from dataclasses import dataclass

from . import remote, signatures

DONE = "done"  # taken
AGAIN = "again"  # this message is tried again, others go on
LATER = "later"  # the subscriber wants a rest: nothing is sent for a while
GONE = "gone"  # it wants nothing any more
_BUSY = frozenset((429, 502, 503, 504))
_FILTER = re.compile(r"construction(\.[a-z0-9_]+)*(\.\*)?")
CONTENT_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    :param kind: one of the words above
    :param wait: seconds for which nothing is sent, where the subscriber says so
    :param faulty: whether it speaks against the subscriber's server rather than the message
    """

    kind: str
    wait: float | None = None
    faulty: bool = False


def judge(answer, now):
    """What an answer of a subscriber means.

    :param answer: `ssrf.Answer`
    :param now: seconds since 1970
    """
    status = answer.status
    if 200 <= status < 300:
        return Verdict(DONE)
    if status == 410:
        return Verdict(GONE)
    wait = remote.told_wait(answer.headers, now)
    if status in _BUSY:
        return Verdict(LATER, wait, faulty=status != 429)
    return Verdict(AGAIN, faulty=status >= 500)


def filters(text):
    """The filters of a subscription, one per word.

    :raises ValueError: a word is neither a type nor the beginning of types with a star
    """
    found = (text or "").split()
    for word in found:
        if not _FILTER.fullmatch(word):
            raise ValueError(word)
    return tuple(found)


def wants(words, event_type):
    """Whether filters let a type through; none let all through."""
    return not words or any(
        event_type.startswith(word[:-1]) if word.endswith("*") else event_type == word
        for word in words
    )


def event(key, source, event_type, subject, time, data, correlation_id):
    """The event as it is stored, without its `sequence`, which is known when it is sent.

    :param key: id of the event, the same for every subscriber and every try
    :param time: RFC 3339
    """
    return {
        "specversion": "1.0",
        "id": key,
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "correlationid": correlation_id,
        "data": data,
    }


def headers(secrets, key, now, body):
    """Headers of one delivery, signed with every secret that is valid now.

    :param secrets: `whsec_…`, the current one first
    :param now: seconds since 1970
    """
    moment = str(int(now))
    signed = " ".join(signatures.sign(secret, key, moment, body) for secret in secrets)
    return {
        "Content-Type": CONTENT_TYPE,
        "Webhook-Id": key,
        "Webhook-Timestamp": moment,
        "Webhook-Signature": signed,
    }
