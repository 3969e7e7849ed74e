"""Files inside an event: what is read of them and what people may click."""

import base64
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import attachment
from odoo.addons.construction_sync_base.lib.errors import AttachmentError


def _file(body=b"abc", **over):
    return {"filename": "a.pdf", "content_base64": base64.b64encode(body).decode(), **over}


@given(st.binary(min_size=1, max_size=2000))
def test_content_is_what_was_encoded(body):
    assert attachment.content(_file(body)) == body
    wrapped = base64.encodebytes(body).decode().replace("\n", "\r\n")
    assert attachment.content(_file(content_base64=wrapped)) == body
    said = attachment.sha256(body)
    assert attachment.content(_file(body, sha256=said.upper())) == body
    assert attachment.hashes({"attachments": [_file(body)]}) == {said}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        body = attachment.content(_file(content_base64=text))
    except AttachmentError as error:
        assert "base64" in str(error)
        assert attachment.hashes({"attachments": [_file(content_base64=text)]}) == set()
    else:
        assert body is None or base64.b64encode(body).decode() == "".join(text.split())


@pytest.mark.parametrize(
    "text", ["data:application/pdf;base64,YWJj", "YWJ", "YW-_", "YWJj=", "YWJjZA==YWJj", "ÄÖ=="]
)
def test_not_base64(text):
    with pytest.raises(AttachmentError, match="“a.pdf” is not base64"):
        attachment.content(_file(content_base64=text))


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_no_content(text):
    assert attachment.content(_file(content_base64=text)) is None


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["attachments", "filename", "sha256", "content_base64"]), inner
        )
    ),
    max_leaves=8,
)


@given(ANYTHING, ANYTHING)
def test_what_waits_because_it_fits_no_schema_is_read_all_the_same(data, files):
    for value in (data, {"attachments": files}):
        assert all(isinstance(one, str) for one in attachment.hashes(value))
        assert all(isinstance(one, dict) for one in attachment.entries(value))


def test_another_hash_is_refused():
    with pytest.raises(AttachmentError, match="the same file"):
        attachment.content(_file(sha256="0" * 64))
    found = attachment.faults({"attachments": [_file(), _file(sha256="0" * 64)]})
    assert [where for where, _error in found] == [("attachments", 1, "content_base64")]


def test_the_largest_file(monkeypatch):
    monkeypatch.setattr(attachment, "MAX_BYTES", 3000)
    assert len(attachment.content(_file(bytes(3000)))) == 3000
    with pytest.raises(AttachmentError, match="larger"):
        attachment.content(_file(bytes(3003)))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("contract.pdf", "contract.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\plan.dwg", "plan.dwg"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('q"<1>.pdf', "q__1_.pdf"),
        ("..", "file"),
        (" . ", "file"),
        (".htaccess", "htaccess"),
        ("Vertrag Müller.pdf", "Vertrag Müller.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_safe_names(name, safe):
    assert attachment.safe_name(name) == safe


@given(st.text(min_size=1, max_size=400))
def test_every_name_is_safe(name):
    safe = attachment.safe_name(name)
    assert 0 < len(safe) <= attachment.MAX_NAME
    assert not set(safe) & set('/\\<>:"|?*\r\n\t')
    assert not safe.startswith(".")
    assert not any(unicodedata.category(sign) in ("Cc", "Cf") for sign in safe)
    assert attachment.safe_name(safe) == safe


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.pdf", "javascript:alert(1)", "data:text/html,x", "//example.com/a",
        "https://", "https:///a", "https://good.example@evil.example/a", "https://a b.example/",
        "https://example.com/\n", "https://example.com:99999/", "https://[::1/", "",
        "https://evil.example\\@good.example/", "https://example.com/" + "a" * 2000, None,
        "ftp://example.com/a", " https://example.com/", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_addresses_nobody_should_click(url):
    assert attachment.safe_url(url) is None


@pytest.mark.parametrize(
    "url", ["https://example.com/a.pdf?X-Sig=a%2Fb", "HTTPS://example.com:8443/ä"]
)
def test_addresses(url):
    assert attachment.safe_url(url) == url


@given(st.text(max_size=80))
def test_any_address_is_read_or_refused(text):
    assert attachment.safe_url(text) in (None, text)
