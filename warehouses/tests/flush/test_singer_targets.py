"""What the tests of Singer's SDK demand of a target, asked of the way from the Hub into a warehouse.

The SDK has sixteen. Four concern its messages and its command line, which are not ours: what the command prints, a
schema message that is none, a record before its schema, a schema message with another key.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sources.connectors.desk.records import read_records
from warehouses.compare import compare
from warehouses.tests.flush.conftest import Flow
from workspace.hub.columns import SYSTEM_NAMES
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)
Objects = list[dict[str, Any]]
TEXTS = [
    "plain 1",
    "ελληνικά",
    "汉字",
    "déjà vu",
    'a "quoted" one',
    'a " \\ / \n one',
    "\u0101\u0199",
    "a \\u0000 one",
]

TARGETS: dict[str, tuple[list[Objects], Objects]] = {
    "arrays are kept as JSON": (
        [[{"fruits": ["apple", "pear"]}, {"fruits": ["plum"]}, {"fruits": []}]],
        [{"fruits": '["apple","pear"]'}, {"fruits": '["plum"]'}, {"fruits": "[]"}],
    ),
    "camel case becomes snake case": (
        [[{"firstName": "Ada", "IsDeleted": False}]],
        [{"first_name": "Ada", "is_deleted": False}],
    ),
    "camel case in nested objects that grow becomes snake case": (
        [
            [{"CreatedById": "7", "Address": {"ZipCode": "1", "GeoPoint": {"LatDeg": 1}}}],
            [
                {"CreatedById": "7", "Address": {"ZipCode": "1", "GeoPoint": {"LatDeg": 1}}},
                {"Address": {"ZipCode": "2", "NewAttribute": "x"}},
            ],
        ],
        [
            {"created_by_id": "7", "address_zip_code": "1", "address_geo_point_lat_deg": 1},
            {"address_zip_code": "2", "address_new_attribute": "x"},
        ],
    ),
    "of duplicate records the last one stands": (
        [[{"metric": 1}, {"metric": 2}], [{"metric": 10}, {"metric": 20}], [{"metric": 100}]],
        [{"metric": 100}, {"metric": 20}],
    ),
    "strings in any script and with any escape are kept": (
        [[{"info": text, "in": {"name": text}} for text in TEXTS]],
        [{"info": text, "in_name": text} for text in TEXTS],
    ),
    "control characters are kept, and NUL becomes visible": (
        [[{"info": "\x01 A \x1f"}, {"info": "\x00"}]],
        [{"info": "\x01 A \x1f"}, {"info": "\u2400"}],
    ),
    "optional attributes are null where they are missing": (
        [[{"optional": "a"}, {}, {"optional": None}]],
        [{"optional": "a"}, {}, {}],
    ),
    "a record that comes again with fewer fields has fewer": (
        [[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], [{"a": 3}]],
        [{"a": 3}, {"a": 2, "b": "y"}],
    ),
    "objects nobody described become columns": (
        [[{"store": {"id": 1, "metric": 187}}, {"store": {}}]],
        [{"store_id": 1, "store_metric": 187}, {}],
    ),
    "a schema that grows adds columns": (
        [[{"a1": 101, "a2": "s"}], [{"a1": 1}, {"a1": 102, "a3": True}, {"a4": {"id": 1}, "a5": ["pear"], "a6": 9}]],
        [{"a1": 1}, {"a1": 102, "a3": True}, {"a4_id": 1, "a5": '["pear"]', "a6": 9}],
    ),
    "special characters in names give plain columns": (
        [[{"d": {"env": "prod", "agent:type": "desktop", "agent:os:version": "10.1"}, "a!b?": 1}]],
        [{"d_env": "prod", "d_agent_type": "desktop", "d_agent_os_version": "10.1", "a_b": 1}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_a_target(target: str, flow: Flow) -> None:
    rounds, expected = TARGETS[target]
    for objects in rounds:
        flow.put(*[entry(f"{number:02}", **fields) for number, fields in enumerate(objects)])
        assert flow.flush().status == "success"
    sql = f"SELECT jsonb_strip_nulls(to_jsonb(t)) FROM {flow.bed.table('cases')} t ORDER BY id"
    rows = [{n: v for n, v in row.items() if n not in SYSTEM_NAMES} for (row,) in flow.bed.read(sql)]
    assert rows == expected
    assert compare(flow.fresh()).status == "success"


@pytest.mark.parametrize("keyless", [{"name": "no key"}, {"id": None, "name": "x"}, {"id": "", "name": "x"}])
def test_a_record_without_its_key_is_set_aside_and_the_others_go_on(keyless: dict[str, Any]) -> None:
    records, rejected = read_records([{"id": 1}, keyless, {"id": 2}], (), datetime(2020, 1, 1, tzinfo=UTC))
    assert [record.id for record in records] == ["1", "2"]
    assert "has no id" in rejected[0].reason
