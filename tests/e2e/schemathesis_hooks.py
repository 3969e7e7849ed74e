"""Loaded by schemathesis: proves who sends, and holds the answers to the contract.

`CONTRACT_PROOFS` is JSON: {first part of the address under the base path: {"secret": …} for a
signature or {"key": …} for a bearer key}. What is not named goes out without any proof.
"""

import json
import os
import time
from urllib.parse import urlsplit

import schemathesis
from requests.auth import AuthBase

from tests.simulator.signing import StandardWebhooks

PROOFS = json.loads(os.environ["CONTRACT_PROOFS"])


class Proof(AuthBase):
    """Signs or names a key after the body is final."""

    def __call__(self, request):
        parts = urlsplit(request.url).path.split("/")
        proof = PROOFS.get(parts[3] if len(parts) > 3 else "", {})
        if "key" in proof:
            request.headers["Authorization"] = f"Bearer {proof['key']}"
        if "secret" in proof:
            body = request.body or b""
            body = body.encode() if isinstance(body, str) else bytes(body)
            signed = StandardWebhooks(proof["secret"]).headers("msg_1", body, time.time())
            request.headers.update(signed)
        return request


schemathesis.auth.set_from_requests(Proof())


@schemathesis.check
def verdicts_add_up(ctx, response, case):
    """An answer to a post names every event of it, and a valid event is never malformed."""
    if case.method != "POST" or response.status_code not in (200, 202):
        return
    answer = response.json()
    words = [result["status"] for result in answer["results"]]
    counts = {
        plural: words.count(word)
        for plural, word in (
            ("accepted", "accepted"),
            ("duplicates", "duplicate"),
            ("conflicts", "conflict"),
            ("malformed", "malformed"),
        )
    }
    assert counts == {plural: answer[plural] for plural in counts}, "counts and results differ"
    structured = case.media_type and case.media_type.startswith("application/cloudevents")
    if case.meta and case.meta.generation.mode.is_positive and structured:
        assert "malformed" not in words, "an event that fits the document is malformed"
