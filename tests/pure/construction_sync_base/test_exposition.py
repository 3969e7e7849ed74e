"""What a scraper reads is what was meant; the reader is Prometheus' own."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from odoo.addons.construction_sync_base.lib.exposition import Family, render

VALUES = st.one_of(st.integers(-(2**53), 2**53), st.floats())
LABELS = st.dictionaries(
    st.sampled_from(["platform", "state", "lane"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


def read(text):
    return {
        family.name: (family.type, family.documentation, family.samples)
        for family in text_string_to_metric_families(text)
    }


@given(LABELS, VALUES)
def test_any_label_and_number_comes_back(labels, value):
    # the reader splits at every Unicode line end, the format knows only \n
    labels = {name: " ".join(text.splitlines()) for name, text in labels.items()}
    family = Family("waiting_events", "gauge", "Waiting.")
    family.add(value, **labels)
    kind, _meaning, (sample,) = read(render([family]))["waiting_events"]
    assert kind == "gauge"
    assert sample.labels == labels
    assert sample.value == float(value) or math.isnan(sample.value) and math.isnan(value)


def test_line_feeds_quotes_and_backslashes_are_escaped():
    family = Family("open_issues", "gauge", 'Back\\slash and\nline "quoted"')
    family.add(1, platform='a\\n"b"\nc')
    text = render([family])
    assert text.count("\n") == 3
    _kind, meaning, (sample,) = read(text)["open_issues"]
    assert meaning == 'Back\\slash and\nline "quoted"'
    assert sample.labels == {"platform": 'a\\n"b"\nc'}


def test_what_is_not_known_is_left_out():
    family = Family("lag_seconds", "gauge", "Lag.")
    family.add(None, platform="a")
    assert render([family]) == ""


def test_a_sample_twice_is_refused():
    family = Family("lag_seconds", "gauge", "Lag.")
    family.add(1, platform="a", state="b")
    family.add(2, state="b", platform="a")
    with pytest.raises(ValueError, match="twice"):
        render([family])


@pytest.mark.parametrize(
    ("name", "kind"), [("with space", "gauge"), ("1st", "gauge"), ("fine", "histogram")]
)
def test_what_the_format_lacks_is_refused(name, kind):
    with pytest.raises(ValueError, match="no such metric"):
        Family(name, kind, "")


@pytest.mark.parametrize("label", ["with-hyphen", "__reserved", ""])
def test_a_label_has_a_name_of_the_format(label):
    family = Family("lag_seconds", "gauge", "Lag.", [({label: "x"}, 1)])
    with pytest.raises(ValueError, match="label"):
        render([family])
