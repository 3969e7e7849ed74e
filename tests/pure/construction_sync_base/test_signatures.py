"""Standard Webhooks vectors, fault catalogue rows 29 to 31, and "never raises"."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import signatures
from odoo.addons.construction_sync_base.lib.signatures import (
    HMAC_SCHEMES,
    hash_token,
    new_secret,
    new_token,
    sign,
    verify_hmac,
    verify_standard_webhooks,
    verify_token,
)

# The vector that every implementation of the specification is tested with.
KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = "whsec_" + KEY
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIME = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
WRONG = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def headers(**changes):
    result = {"id": ID, "timestamp": str(TIME), "signature": SIGNATURE} | changes
    return {f"webhook-{name}": value for name, value in result.items() if value is not None}


def verify(secrets=(SECRET,), body=BODY, now=TIME, **changes):
    return verify_standard_webhooks(secrets, headers(**changes), body, now)


def test_the_vector():
    assert sign(SECRET, ID, TIME, BODY) == SIGNATURE
    assert verify()


@pytest.mark.parametrize(
    "secret",
    [
        KEY,
        SECRET,
        SECRET.encode(),
        base64.b64decode(KEY),
        f" {SECRET}\n",
    ],
)
def test_forms_of_the_secret(secret):
    assert verify([secret]) and sign(secret, ID, str(TIME), BODY) == SIGNATURE


@pytest.mark.parametrize("size", [24, 25, 26, 32, 64])
def test_secret_without_padding(size):
    key = bytes(range(size))
    padded = "whsec_" + base64.b64encode(key).decode()
    signed = sign(padded.rstrip("="), ID, TIME, BODY)
    assert signed == sign(key, ID, TIME, BODY) == sign(padded, ID, TIME, BODY)
    assert verify([padded.rstrip("=")], signature=signed)


@pytest.mark.parametrize(
    "secret", ["", b"", "whsec_", b"whsec_", "whsec_====", "whsec_é", "!", None, False, 5]
)
def test_an_unusable_secret_accepts_nothing(secret):
    empty = (
        "v1,"
        + base64.b64encode(
            signatures.hmac.digest(b"", f"{ID}.{TIME}.".encode() + BODY, "sha256")
        ).decode()
    )
    assert not verify([secret], signature=f"{SIGNATURE} {empty}")
    assert verify([secret, SECRET])
    with pytest.raises(ValueError, match="secret"):
        sign(secret, ID, TIME, BODY)


def test_no_secret_is_refused():
    assert not verify([])
    assert not verify(SECRET)  # one secret given as text is not a list of secrets


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
@pytest.mark.parametrize("value", [None, "", " ", "é", b"x", 5])
def test_29_missing_and_strange_headers(name, value):
    assert not verify(**{name: value})


@pytest.mark.parametrize(
    "signature",
    [
        WRONG,
        "v1,",
        SIGNATURE[:8],
        SIGNATURE[:-1],
        SIGNATURE + "=",
        SIGNATURE[3:],
        "v2," + SIGNATURE[3:],
        "v1a," + SIGNATURE[3:],
        "V1," + SIGNATURE[3:],
        "v1",
        "garbage",
        "v1,a,b",
        "v1,é",
        ",",
        "v1," + SIGNATURE[3:].swapcase(),
        SIGNATURE.replace(",", ", "),
    ],
)
def test_29_wrong_signatures(signature):
    assert not verify(signature=signature)


def test_29_one_valid_among_several():
    several = f"{WRONG} v2,{SIGNATURE[3:]} v1a,abc {SIGNATURE} v1, v3"
    assert verify(signature=several)
    assert not verify(signature=several.replace(SIGNATURE, WRONG))


@pytest.mark.parametrize("offset", [-300, -299, 0, 299, 300])
def test_30_inside_the_window(offset):
    assert verify(now=TIME + offset)


@pytest.mark.parametrize("offset", [-301, -300.5, 300.5, 301, 10**9, float("nan"), float("inf")])
def test_30_outside_the_window(offset):
    assert not verify(now=TIME + offset)


@pytest.mark.parametrize(
    "timestamp",
    [
        "0",
        "-1",
        f"-{TIME}",
        f"+{TIME}",
        f"{TIME}.0",
        "1e9",
        "10" + "0" * 19,
        "abc",
        "١٦١٤٢٦٥٣٣٠",
        "²",
    ],
)
def test_30_strange_timestamps(timestamp):
    signed = sign(SECRET, ID, timestamp, BODY)
    assert not verify(timestamp=timestamp, signature=signed)


def test_31_rotation():
    old, new, other = new_secret(), new_secret(), new_secret()
    by_old, by_new = sign(old, ID, TIME, BODY), sign(new, ID, TIME, BODY)
    during, after = [new, old], [new]
    for signed in (by_old, by_new, f"{by_old} {by_new}"):
        assert verify(during, signature=signed)
    assert not verify(after, signature=by_old)
    assert verify(after, signature=by_new) and verify(after, signature=f"{by_old} {by_new}")
    assert not verify(during, signature=sign(other, ID, TIME, BODY))


def test_names_of_headers_as_a_server_may_give_them():
    titled = {name.title(): value for name, value in headers().items()}
    assert verify_standard_webhooks([SECRET], titled, BODY, TIME)


def test_the_body_is_signed_byte_for_byte():
    assert not verify(body=BODY + b" ") and not verify(body=BODY.replace(b" ", b""))
    binary = b"\xff\x00\xfe"
    assert verify(body=binary, signature=sign(SECRET, ID, TIME, binary))


anything = st.none() | st.booleans() | st.integers() | st.binary() | st.text()
words = st.text(st.sampled_from("v12,=a+/ é\0\ud800 ")) | st.just(SIGNATURE)


@given(
    secrets=st.lists(anything | st.text(st.sampled_from("whsec_A=+é")) | st.just(SECRET)),
    names=st.fixed_dictionaries(
        {},
        optional={
            "webhook-id": anything | st.just(ID),
            "webhook-timestamp": anything | st.just(str(TIME)),
            "webhook-signature": anything | words,
        },
    ),
    body=st.binary() | st.just(BODY),
    now=st.floats() | st.integers() | st.just(TIME),
)
def test_never_raises(secrets, names, body, now):
    result = verify_standard_webhooks(secrets, names, body, now)
    genuine = (SECRET in secrets) and body == BODY and names.get("webhook-id") == ID
    assert result is False or genuine


@given(
    st.binary(min_size=1, max_size=64),
    st.text(st.characters(codec="ascii"), min_size=1),
    st.integers(0, 10**11),
    st.binary(),
    st.integers(-300, 300),
)
def test_what_is_signed_is_accepted(key, msg_id, timestamp, body, offset):
    if key.startswith(b"whsec_"):
        return
    found = headers(
        id=msg_id, timestamp=str(timestamp), signature=sign(key, msg_id, timestamp, body)
    )
    assert verify_standard_webhooks([key], found, body, timestamp + offset)
    assert not verify_standard_webhooks([key + b"x"], found, body, timestamp + offset)
    assert not verify_standard_webhooks([key], found, body + b"x", timestamp + offset)


@given(st.lists(anything), anything)
def test_tokens_never_raise(digests, presented):
    assert verify_token(digests, presented) is False


def test_tokens():
    token, other = new_token(), new_token()
    stored = [hash_token(other), hash_token(token)]
    assert verify_token(stored, token) and verify_token(stored, token.encode())
    assert not verify_token(stored, new_token()) and not verify_token([], token)
    assert not verify_token([hash_token("")], "") and not verify_token([token], token)
    assert token not in stored and len(token) >= 43


def test_new_secrets_are_what_the_specification_asks_for():
    secret = new_secret()
    assert secret.startswith("whsec_") and secret != new_secret()
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64


@pytest.mark.parametrize(
    ("scheme", "secret", "usable"),
    [
        ("standard_webhooks", SECRET, True),
        ("standard_webhooks", KEY, True),
        ("standard_webhooks", "whsec_c2hvcnQ=", False),
        ("standard_webhooks", "not base64 at all, whatever its length", False),
        ("hmac_sha256_hex", "x" * 16, True),
        ("hmac_sha256_hex", "x" * 15, False),
        ("hmac_sha1_hex", "x" * 501, False),
        ("static_header", "with a blank inside it", False),
        ("static_header", "umlaut-\xfc-makes-no-header", False),
        ("static_header", None, False),
    ],
)
def test_secrets_of_somebody_else(scheme, secret, usable):
    assert signatures.is_usable(scheme, secret) is usable


@given(st.sampled_from(["standard_webhooks", *signatures.HMAC_SCHEMES]), st.integers(0, 99))
def test_what_we_make_is_usable(scheme, _number):
    made = new_secret() if scheme == "standard_webhooks" else new_token()
    assert signatures.is_usable(scheme, made)


def test_every_comparison_takes_constant_time(monkeypatch):
    """Bytes through compare_digest, for every secret: neither the first wrong byte nor the
    secret that fits shows in the time."""
    seen, judge = [], signatures.hmac.compare_digest

    def compare(expected, presented):
        assert isinstance(expected, bytes)
        assert isinstance(presented, bytes)
        seen.append(judge(expected, presented))
        return seen[-1]

    monkeypatch.setattr(signatures.hmac, "compare_digest", compare)
    body, secrets = b"{}", [new_secret(), new_secret(), new_secret()]
    headers = {"webhook-id": "m", "webhook-timestamp": "1000"}
    headers["webhook-signature"] = sign(secrets[0], "m", 1000, body)
    assert verify_standard_webhooks(secrets, headers, body, 1000)
    assert seen == [True, False, False]
    for scheme, (algorithm, _decode) in HMAC_SCHEMES.items():
        seen.clear()
        digest = signatures.hmac.digest(b"first", body, algorithm)
        text = base64.b64encode(digest).decode() if scheme.endswith("64") else digest.hex()
        assert verify_hmac(scheme, ["first", "second"], text, body)
        assert seen == [True, False]
    seen.clear()
    assert verify_token([hash_token("first"), hash_token("second")], "first")
    assert seen == [True, False]
