import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import audit_letter

NAMES = st.from_regex(r"audit-[0-9]{1,4}-[0-9]{1,6}\.json", fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=8))
def test_what_goes_in_comes_out_and_the_same_bytes_each_time(files):
    packed = audit_letter.archive(files.items())
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert audit_letter.archive(reversed(files.items())) == packed


def test_addresses_as_people_write_them():
    assert audit_letter.addresses(" a@x.org, b@x.org;\nA <c@x.org>,, a@x.org") == [
        "a@x.org",
        "b@x.org",
        "A <c@x.org>",
    ]
    assert audit_letter.addresses(" \n") == []
