"""The score of the fault scenarios counts every number of a test's name."""

import pytest

from tests.e2e.scoreboard import numbers


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/e2e/test_copies.py::test_fault_17_and_18_a_copy_takes_nothing", [17, 18]),
        ("tests/e2e/test_data_faults.py::test_fault_59_currency_unknown[XXX]", [59]),
        ("tests/e2e/test_x.py::test_fault_01_and_2_and_103", [1, 2, 103]),
        ("tests/e2e/test_x.py::test_fault_60_and_what_else", [60]),
        ("tests/e2e/test_data_faults.py::test_what_fault_17_is", []),
    ],
)
def test_numbers_of_a_name(nodeid, expected):
    assert numbers(nodeid) == expected
