"""HMAC of the body alone in a header: three spellings, one rule for everything else."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.signatures import HMAC_SCHEMES, verify_hmac

SECRET = "a-token_of-the-platform"
BODY = b'{"version":"1.0","resourceUrn":"urn:adsk:1"}'


def signature(scheme, secret=SECRET, body=BODY):
    """Written from the vendors' descriptions, without the code under test."""
    if scheme == "hmac_sha1_hex":
        return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    if scheme == "hmac_sha256_hex":
        return digest.hexdigest()
    return base64.b64encode(digest.digest()).decode()


schemes = pytest.mark.parametrize("scheme", sorted(HMAC_SCHEMES))
anything = st.none() | st.integers() | st.text() | st.binary() | st.lists(st.text())


def test_known_vectors():
    """RFC 2202 case 2 and RFC 4231 case 2."""
    body = b"what do ya want for nothing?"
    sha1 = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert verify_hmac("hmac_sha1_hex", ["Jefe"], sha1, body)
    assert verify_hmac("hmac_sha1_hex", ["Jefe"], f"sha1hash={sha1}", body, "sha1hash=")
    assert verify_hmac("hmac_sha256_hex", ["Jefe"], sha256.upper(), body)
    text = base64.b64encode(bytes.fromhex(sha256)).decode()
    assert verify_hmac("hmac_sha256_base64", ["Jefe"], text, body)


@schemes
@given(
    st.text(min_size=1).filter(lambda text: text.encode(errors="ignore").strip()),
    st.binary(max_size=500),
)
def test_what_was_signed_is_accepted_and_no_other_body(scheme, secret, body):
    good = signature(scheme, secret, body)
    assert verify_hmac(scheme, [secret], good, body)
    assert verify_hmac(scheme, ["other", secret], f" {good} ", body)
    assert not verify_hmac(scheme, [secret], good, body + b" ")
    assert not verify_hmac(scheme, [secret + "x"], good, body)


@schemes
@given(st.lists(anything, max_size=3), anything, st.binary(), st.text(max_size=5))
def test_never_raises_and_never_accepts_by_chance(scheme, secrets, presented, body, prefix):
    assert verify_hmac(scheme, secrets, presented, body, prefix) is False


@schemes
def test_refused(scheme):
    good = signature(scheme)
    for wrong in (
        "", " ", None, good[:-1], good[:10], good[1:], good + good, good + "00", f"x{good}",
        f"{good[:4]} {good[4:]}", f"sha1={good}", good.encode(), good.replace(good[3], "é"), "é",
        "=" * len(good), "0" * len(good),
    ):  # fmt: skip
        assert not verify_hmac(scheme, [SECRET], wrong, BODY), wrong


@schemes
def test_without_a_secret_nothing_is_accepted(scheme):
    for secrets in ([], [""], [" "], [None], [0], [b""]):
        for presented in ("", signature(scheme), signature(scheme, ""), signature(scheme, " ")):
            assert not verify_hmac(scheme, secrets, presented, BODY)


@schemes
def test_the_prefix_is_part_of_the_form(scheme):
    good = signature(scheme)
    assert verify_hmac(scheme, [SECRET], f"sha1hash={good}", BODY, "sha1hash=")
    for wrong in (good, f"SHA1HASH={good}", "sha1hash=", f"sha1hash= {good}", f"x=sha1hash={good}"):
        assert not verify_hmac(scheme, [SECRET], wrong, BODY, "sha1hash=")


@schemes
def test_two_secrets_during_a_rotation(scheme):
    for secret in ("old", "new"):
        assert verify_hmac(scheme, ["new", "old"], signature(scheme, secret), BODY)
    assert not verify_hmac(scheme, ["new"], signature(scheme, "old"), BODY)
