"""The parser: fault catalogue rows 27 and 28, and the limits of the contract."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import strict_json
from odoo.addons.construction_sync_base.lib.errors import Malformed
from odoo.addons.construction_sync_base.lib.strict_json import JsonFloat, digest, dumps, loads

# What PostgreSQL can keep: no NUL, no half characters.
text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
scalars = st.none() | st.booleans() | st.integers(-(10**40) + 1, 10**40 - 1) | text
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20
)


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_what_is_written_is_read_back(value, ascii_only, indent):
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert loads(body) == value
    assert loads(dumps(value).encode()) == value


@given(values)
def test_canonical_text_is_that_of_the_standard_library(value):
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert dumps(value) == expected


@given(st.binary() | st.text(st.sampled_from('[]{}",:\\u0d8c19.eE+- nulltrefas')).map(str.encode))
def test_any_bytes_are_a_value_or_malformed(body):
    try:
        value = loads(body)
    except Malformed as error:
        assert "\n" not in str(error) and len(str(error)) < 120
    else:
        dumps(value).encode()
        assert loads(dumps(value).encode()) == value


@given(st.dictionaries(text, scalars), st.randoms())
def test_order_of_keys_and_blanks_do_not_change_the_digest(value, rng):
    items = list(value.items())
    rng.shuffle(items)
    assert digest(loads(json.dumps(dict(items), indent=3).encode())) == digest(value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "not JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),  # a surrogate encoded as if it were UTF-8
        (b'{"a":"\x00"}', "not JSON"),
        (b'{"a":"line\nbreak"}', "not JSON"),
        (rb'{"a":"\u0000"}', "NUL"),
        (rb'{"a":"\\\u0000"}', "NUL"),
        (rb'{"a\u0000":1}', "NUL"),
        (rb'{"a":"\ud83d"}', "lone surrogate"),
        (rb'{"a":"\ude00"}', "lone surrogate"),
        (rb'{"a":"\ude00\ud83d"}', "lone surrogate"),
        (rb'{"a":"\ud83d\ud83d\ude00"}', "lone surrogate"),
        (rb'{"a":"\uD83D\uDE00\uDE00"}', "lone surrogate"),
        (rb'{"a":"\ud83d\\\ude00"}', "lone surrogate"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":Infinity}', "Infinity"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":1e999}', "out of range"),
        (b'{"a":0e-999999}', "out of range"),
        (b"0." + b"1" * 64, "longer than 64"),
        (b"1" * 41, "longer than 40"),
        (b"-" + b"1" * 41, "longer than 40"),
        (b"1" * 4301, "longer than 40"),
        (b'{"a":1,"b":{"c":1,"c":2}}', "duplicate key 'c'"),
        (b'{"a":1,"\\u0061":2}', "duplicate key 'a'"),
        (b'{"a":1}{"b":2}', "extra data"),
        (b"[1,]", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[" * 1000, "deeper"),
        (b"[" * 1000 + b"]" * 1000, "deeper"),
        (b'{"a":' * 10**6, "deeper"),
        (b"[]{}" * 30, "extra data"),
        (b"]" * 100 + b"[" * 100, "deeper"),
    ],
)
def test_27_refused(body, reason):
    with pytest.raises(Malformed, match=reason):
        loads(body)


@pytest.mark.parametrize("body", [b"null", b"[]", b" true ", b'"x"', b"-0", b"[[],[]]"])
def test_any_json_value_is_read(body):
    assert loads(body) == json.loads(body)


def test_escapes_of_whole_characters_are_read():
    assert loads(rb'"\ud83d\ude00\u00e9\\u0000\\ud83d"') == "\U0001f600é\\u0000\\ud83d"


def test_depth_64_is_read_and_65_is_not():
    def nested(depth):
        return (
            b'{"a":[' * (depth // 2)
            + b"[" * (depth % 2)
            + b"]" * (depth % 2)
            + (b"]}" * (depth // 2))
        )

    loads(nested(64))
    with pytest.raises(Malformed, match="deeper"):
        loads(nested(65))


def test_brackets_in_strings_do_not_nest():
    deceiving = ["[" * 500, '\\"' + "{" * 500, "\\" * 3 + '"[' * 300]
    assert loads(json.dumps(deceiving).encode()) == deceiving


@pytest.mark.parametrize(("count", "accepted"), [(10_000, True), (10_001, False)])
def test_28_keys_count_over_all_objects(count, accepted):
    body = json.dumps([{f"k{i}": 1} for i in range(count - 1)] + [{"last": 1}]).encode()
    if accepted:
        assert len(loads(body)) == count
    else:
        with pytest.raises(Malformed, match="10000 keys"):
            loads(body)


@pytest.mark.parametrize(("count", "accepted"), [(100_000, True), (100_001, False)])
def test_28_array_items_count_over_all_arrays(count, accepted):
    half = count // 2 - 1
    body = json.dumps([[0] * half, [0] * (count - half - 2)]).encode()
    if accepted:
        loads(body)
    else:
        with pytest.raises(Malformed, match="array items"):
            loads(body)


@pytest.mark.parametrize("char", ["a", "é", "😀"])
@pytest.mark.parametrize("where", ["value", "key", "item"])
def test_28_strings_are_limited_in_bytes(char, where):
    def body(size):
        long = char * (size // len(char.encode()))
        value = {"value": {"a": long}, "key": {long: 1}, "item": {"a": [long]}}[where]
        return json.dumps(value, ensure_ascii=False).encode()

    loads(body(512 * 1024))
    with pytest.raises(Malformed, match="512 KiB"):
        loads(body(512 * 1024 + 4))


def test_attachments_may_be_longer():
    body = json.dumps({"attachments": [{"content_base64": "A" * 700_000}]}).encode()
    assert len(loads(body)["attachments"][0]["content_base64"]) == 700_000


def test_floats_keep_their_literal_and_are_not_their_string():
    value = loads(
        b'{"a":1.50,"b":1E+3,"c":-0.0,"d":"1.50","e":0.1000000000000000055511151231257827}'
    )
    assert isinstance(value["a"], JsonFloat) and value["b"] == "1E+3"
    assert dumps(value) == (
        '{"a":1.50,"b":1E+3,"c":-0.0,"d":"1.50","e":0.1000000000000000055511151231257827}'
    )
    assert digest(loads(b"1.5")) != digest(loads(b'"1.5"'))


def test_big_integers_stay_exact():
    assert loads(b"99999999999999999999") == 99999999999999999999
    assert loads(b"9" * 40) == 10**40 - 1
    assert loads(b"-" + b"9" * 40) == 1 - 10**40


def test_values_without_json_form_are_a_programming_error():
    with pytest.raises(TypeError, match="set"):
        dumps({"a": {1}})


@given(st.lists(values, max_size=6))
def test_items_are_those_of_the_array(items):
    body = json.dumps(items, indent=1).encode()
    found = strict_json.loads_items(body, 6)
    assert [value for value, _text in found] == items
    assert [loads(raw.encode()) for _value, raw in found] == items


@pytest.mark.parametrize(
    "bad",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":}',
        b'{"x":"]","a" 1}',
        b"[" * 70 + b"]" * 70,
        b"[" * 64 + b"{}" + b"]" * 64,
        b"",
        b"1" * 50,
        b"[" + b"0," * 100_000 + b"0]",
    ],
)
def test_a_bad_item_stands_alone(bad):
    body = b'[{"n":"first \\u00e9"}, ' + bad + b' ,{"n":"[{\\"last"}]'
    values_found = [value for value, _text in strict_json.loads_items(body, 10)]
    assert values_found[0] == {"n": "first é"} and values_found[2] == {"n": '[{"last'}
    assert isinstance(values_found[1], Malformed) and len(values_found) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"[1", b"[1,", b"[1 2]", b"[1]]", b"[] 1", b"[1,2,3,4]", b'["', b"[}"],
)
def test_a_broken_array_is_malformed_as_a_whole(body):
    with pytest.raises(Malformed):
        strict_json.loads_items(body, 3)


@given(st.text(st.sampled_from('[]{}",:\\u0d8c1. ')).map(lambda inner: f"[{inner}]".encode()))
def test_any_array_is_divided_or_malformed(body):
    try:
        found = strict_json.loads_items(body, 5)
    except Malformed:
        return
    assert len(found) <= 5


def test_limits_of_a_batch_count_per_item():
    body = json.dumps([{f"k{i}": i for i in range(9_000)}] * 3).encode()
    assert [type(value) for value, _text in strict_json.loads_items(body, 3)] == [dict] * 3


@pytest.mark.parametrize(
    "body", [b'"' + b'\\"' * 500_000, b'[{"a":"' + b'\\"' * 500_000, b"[" + b'{"a":[},' * 1000]
)
def test_hostile_bodies_do_not_take_quadratic_time(body):
    for read in (loads, lambda text: strict_json.loads_items(text, 2000)):
        with pytest.raises(Malformed):
            read(body)
