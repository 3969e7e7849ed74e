"""Files that an event carries (`attachments[]` of the contract): content, name, address.

A file name and an address come from outside and are shown to people, so neither may say
anything but what it is: no folder, no sign that turns text around, no scheme but https.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import binascii
import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

from .errors import AttachmentError, _

MEBIBYTE = 1024 * 1024
MAX_BYTES = 25 * MEBIBYTE  # of one file, uploaded or inside an event
MAX_NAME = 200  # characters; file systems take 255 bytes
MAX_URL = 2000  # characters, as browsers do
_BLANKS = str.maketrans("", "", " \t\r\n")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # control, direction, surrogates, line ends
_FORBIDDEN = re.compile(r'[<>:"|?*]')


def content(file):
    """The bytes of `content_base64`, None where there is none.

    Line breaks are taken, as mail programs make them.

    :param file: one of the `attachments` of an event
    :raises AttachmentError: not base64, too large, or not what `sha256` says
    """
    text = (file.get("content_base64") or "").translate(_BLANKS)
    if not text:
        return None
    name = file["filename"][:80]
    if len(text) * 3 // 4 > MAX_BYTES + 2:
        raise AttachmentError(
            _("“%(name)s” is larger than %(most)s MiB. Send an address of it instead."),
            name=name,
            most=MAX_BYTES // MEBIBYTE,
        )
    try:
        body = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        if binascii.b2a_base64(body, newline=False).decode() != text:
            raise ValueError("padding")
    except ValueError:
        raise AttachmentError(
            _(
                "The content of “%(name)s” is not base64. Send the bytes of the file in the "
                "standard alphabet, with padding and without a “data:” prefix."
            ),
            name=name,
        ) from None
    said, found = (file.get("sha256") or "").lower(), sha256(body)
    if said and said != found:
        raise AttachmentError(
            _(
                "The content of “%(name)s” has SHA-256 %(found)s, the event says %(said)s. Send "
                "content and hash of the same file, or leave the hash out."
            ),
            name=name,
            found=found,
            said=said,
        )
    return body


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def faults(data):
    """[(keys and positions down to the place, AttachmentError)] of an event's data that fits
    its schema."""
    found = []
    for position, file in enumerate(data.get("attachments") or ()):
        try:
            content(file)
        except AttachmentError as error:
            found.append((("attachments", position, "content_base64"), error))
    return found


def entries(data):
    """The `attachments` of data that need not fit its schema: what is none is left out."""
    found = data.get("attachments") if isinstance(data, dict) else None
    return [file for file in found if isinstance(file, dict)] if isinstance(found, list) else []


def hashes(data):
    """SHA-256 of every file that an event names or carries; what cannot be read has none."""
    found = set()
    for file in entries(data):
        texts = {name: file.get(name) for name in ("filename", "sha256", "content_base64")}
        texts = {name: text if isinstance(text, str) else "" for name, text in texts.items()}
        if texts["sha256"]:
            found.add(texts["sha256"].lower())
        try:
            body = content(texts)
        except AttachmentError:
            continue
        if body is not None:
            found.add(sha256(body))
    return found


def safe_name(name):
    """A file name without folders and without signs that hide its ending or end a line."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign) not in _HIDDEN)
    name = " ".join(_FORBIDDEN.sub("_", name).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 20:
        return name[:MAX_NAME].strip(". ") or "file"
    return f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}" if stem else ending


def safe_url(url):
    """The address when a person may click it, else None: https, a host, nobody's name in
    front of the host, no blanks."""
    if not url or len(url) > MAX_URL or any(sign <= " " or sign == "\x7f" for sign in url):
        return None
    try:
        parts = urlsplit(url)
        harmless = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc
        _port = parts.port  # raises for one that is none
    except ValueError:
        return None
    return url if harmless and "\\" not in parts.netloc else None
