"""What a mail to the auditors carries: signed checkpoints, as one file."""

import io
import zipfile

ARCHIVE_AT = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes


def archive(files):
    """A ZIP of several files.

    :param files: [(name, bytes)]; of two with one name the later one stays
    :return: bytes, the same for the same files
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(dict(files).items()):
            packed.writestr(zipfile.ZipInfo(name, ARCHIVE_AT), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def addresses(text):
    """[address] of a text with commas, semicolons or line breaks between; each once."""
    parts = text.replace(";", ",").replace("\n", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
