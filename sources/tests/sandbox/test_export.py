import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from sources.sandbox.export import ExportError, read_export
from sources.sandbox.generator import generate
from workspace.errors import PublicError

RECORDED = Path(__file__).parents[4] / "shared" / "desk-recorded"


def linked(collection: str, object_id: int, **body: Any) -> dict[str, Any]:
    """An object as Desk sent it in 2013: no id but in its own link."""
    return {**body, "_links": {"self": {"href": f"/api/v2/{collection}/{object_id}", "class": "any"}}}


def page(*entries: Any, href: str = "/api/v2/cases?page=1&per_page=50") -> dict[str, Any]:
    links = {"self": {"href": href, "class": "page"}}
    return {"total_entries": len(entries), "_links": links, "_embedded": {"entries": [*entries]}}


def exchange(body: Any, method: str = "GET", status: int = 200, url: str = "/api/v2/any") -> dict[str, Any]:
    return {"request": {"method": method, "url": url}, "response": {"status": status, "body": body}}


def write(folder: Path, name: str, value: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else orjson.dumps(value))


def read(folder: Path) -> list[tuple[str, int]]:
    return [(collection, entry["id"]) for collection, entry in read_export(folder)]


def refusal(folder: Path) -> str:
    with pytest.raises(ExportError) as caught:
        read(folder)
    return caught.value.message


@pytest.mark.parametrize("form", ["array", "lines", "indented", "one after the other", "byte order mark"])
def test_a_generated_site_survives_every_form_of_file(tmp_path: Path, form: str) -> None:
    site = [*generate(60, seed=1)]
    for collection in {collection for collection, _ in site}:
        objects = [entry for other, entry in site if other == collection]
        lines = b"\n".join(map(orjson.dumps, objects))
        indented = [json.dumps(entry, indent=2).encode() for entry in objects]
        write(
            tmp_path,
            f"{collection}.json",
            {
                "array": orjson.dumps(objects),
                "lines": lines,
                "indented": b"[" + b",\r\n".join(indented) + b"]",
                "one after the other": b"\n\n".join(indented),
                "byte order mark": b"\xef\xbb\xbf" + lines,
            }[form],
        )
    found = sorted(read_export(tmp_path), key=orjson.dumps)
    assert found == sorted(site, key=orjson.dumps)


def test_pages_as_desk_sent_them_are_read(tmp_path: Path) -> None:
    write(tmp_path, "first.json", page(linked("cases", 1), linked("cases", 2)))
    write(tmp_path, "more/second.json", page(linked("customers", 7)))
    assert read(tmp_path) == [("cases", 1), ("cases", 2), ("customers", 7)]


def test_pages_one_per_line_are_read(tmp_path: Path) -> None:
    pages = [page(linked("cases", 1)), page(linked("cases", 2))]
    write(tmp_path, "walk.jsonl", b"\n".join(map(orjson.dumps, pages)))
    assert read(tmp_path) == [("cases", 1), ("cases", 2)]


def test_an_exchange_gives_the_objects_of_its_answer(tmp_path: Path) -> None:
    write(tmp_path, "a.json", exchange(page(linked("topics", 4))))
    write(tmp_path, "b.json", exchange(linked("users", 5)))
    assert read(tmp_path) == [("topics", 4), ("users", 5)]


@pytest.mark.parametrize(
    "other",
    [
        exchange({"message": "Resource Not Found"}, status=404),
        exchange(linked("cases", 1), method="POST"),
        exchange(None, method="HEAD"),
        exchange(page(linked("cases/41/replies", 9))),
        exchange(linked("cases", 1), url="/api/v2/cases/1?fields=subject"),
        page(linked("cases", 1), href="/api/v2/cases?fields=subject%2Cstatus&page=1&per_page=50"),
    ],
)
def test_recordings_without_whole_objects_are_passed_over(tmp_path: Path, other: dict[str, Any]) -> None:
    write(tmp_path, "a.json", other)
    write(tmp_path, "b.json", exchange(linked("users", 5)))
    assert read(tmp_path) == [("users", 5)]


def test_an_object_of_2013_gets_its_id_from_its_own_link(tmp_path: Path) -> None:
    write(tmp_path, "dump.json", [linked("companies", 138, name="Quill")])
    ((_, company),) = read_export(tmp_path)
    assert list(company) == ["id", "name", "_links"]
    assert company["id"] == 138


@pytest.mark.parametrize("name", ["users.json", "users-2016.json", "Users_1.JSON", "users/page1.json"])
def test_objects_without_links_belong_where_the_file_says_and_get_a_link(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, [{"id": "3", "name": "Noah"}])
    ((collection, user),) = read_export(tmp_path)
    assert collection == "users"
    assert user == {"id": 3, "name": "Noah", "_links": {"self": {"href": "/api/v2/users/3", "class": "user"}}}


def test_the_link_of_an_object_counts_more_than_the_name_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "cases.json", [linked("customers", 1)])
    assert read(tmp_path) == [("customers", 1)]


def test_embedded_objects_become_objects_of_their_own(tmp_path: Path) -> None:
    case = {**linked("cases", 1), "_embedded": {"customer": linked("customers", 2), "draft": None}}
    write(tmp_path, "a.json", page(case))
    found = [*read_export(tmp_path)]
    assert [(collection, entry["id"]) for collection, entry in found] == [("customers", 2), ("cases", 1)]
    assert "_embedded" not in found[1][1]


def test_every_version_of_an_object_is_handed_on(tmp_path: Path) -> None:
    write(tmp_path, "a.json", [linked("cases", 1, status="new"), linked("cases", 1, status="open")])
    assert [entry["status"] for _, entry in read_export(tmp_path)] == ["new", "open"]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "INDEX.md", b"# not JSON")
    write(tmp_path, "brands.json", [linked("brands", 1)])
    assert read(tmp_path) == [("brands", 1)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'[{"id": 1},\n {"id": 2,}\n]', 2),
        (b'[{"id": 1},\n {"id": 2}\n', 3),
        (b'[{"id": 1}\n {"id": 2}]', 2),
        (b'{"id": 1}\n{"id": 2}\n{"id": \n', 3),
        (b'{\n "id": 1,\n "subject": "cut', 3),
        (b'{"id": 1}\n\n{"id": 2, "subject": "\xff"}', 3),
        (b'[{"id": 1},\n\n {"id": 2, "subject": "\xff"}]', 3),
        (b'[{"id": 1},\n {"id": 2, "subject": "half a character: \\ud83d"}]', 2),
        (b'[{"id": 1},\n "id"]', 2),
        (b'[{"id": 1},\n {"name": "nobody"}]', 2),
        (b'[{"id": 1},\n {"id": true}]', 2),
        (b'[{"id": 1},\n {"id": 2, "updated_at": "yesterday"}]', 2),
        (b'[{"id": 1},\n {"id": 2, "_links": {"self": {"href": "/api/v2/macros/2"}}}]', 2),
        (b'[{"id": 1},\n {"request": 1, "response": 2}]', 2),
        (b'[{"id": 1},\n {"_embedded": {"entries": [3]}}]', 2),
    ],
)
def test_what_cannot_be_understood_is_refused_with_file_and_line(
    tmp_path: Path, text: bytes, line: int
) -> None:
    write(tmp_path, "sub/users.json", text)
    message = refusal(tmp_path)
    assert message.startswith(f"sub/users.json, line {line}: ")
    assert message.endswith(".")
    assert "\n" not in message


def test_a_mistake_far_down_a_long_array_is_found_on_its_line(tmp_path: Path) -> None:
    objects = [orjson.dumps({"id": n, "subject": "x" * 2_000}) for n in range(1, 1_001)]
    objects[800] = objects[800].replace(b'"id"', b"id")
    write(tmp_path, "cases.json", b"[" + b",\n".join(objects) + b"]")
    assert refusal(tmp_path).startswith("cases.json, line 801: not valid JSON")


@pytest.mark.parametrize("signs", [1, 2, 7, 64])
def test_values_cut_anywhere_by_the_window_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signs: int
) -> None:
    monkeypatch.setattr("sources.sandbox.json_values._CHUNK", signs)
    users = [{"id": 10 + n, "e": -1.5e-7, "s": 'ü\n"😀', "l": [True, None, {}]} for n in range(9)]
    text = json.dumps(users, indent=1)
    assert "\\ud83d\\ude00" in text
    write(tmp_path, "users.json", text.encode())
    assert [{**user, "_links": None} for _, user in read_export(tmp_path)] == [
        {**user, "_links": None} for user in users
    ]


def test_a_value_longer_than_the_window_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path, "articles.json", [{"id": 1, "body": "é" * 3_000_000}, {"id": 2}])
    (_, first), (_, second) = read_export(tmp_path)
    assert (len(first["body"]), second["id"]) == (3_000_000, 2)


def test_an_object_of_an_unknown_collection_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "macros.json", [{"id": 1, "name": "Close"}])
    assert "belongs to no known collection" in refusal(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere") == f"There is no folder {tmp_path / 'nowhere'}."


@pytest.mark.parametrize("content", [None, b"[]", b"", b" \n"])
def test_a_folder_without_objects_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        write(tmp_path, "cases.json", content)
    assert "No Desk object was found" in refusal(tmp_path)


def test_a_refusal_is_an_error_for_the_customer(tmp_path: Path) -> None:
    with pytest.raises(PublicError) as caught:
        read(tmp_path)
    assert caught.value.code == "export_unreadable"
    assert caught.value.action


@pytest.mark.parametrize("name", ["cases.json", "cases.jsonl"])
def test_a_long_file_is_not_held_in_memory(tmp_path: Path, name: str) -> None:
    cases = (orjson.dumps(entry) for collection, entry in generate(30_000, seed=1) if collection == "cases")
    whole = b"\n".join(cases) if name.endswith("l") else b"[" + b",".join(cases) + b"]"
    write(tmp_path, name, whole)
    script = """
import resource, sys
from pathlib import Path
from sources.sandbox.export import read_export
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in read_export(Path(sys.argv[1]))) == 30_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    run = subprocess.run([sys.executable, "-c", script, tmp_path], check=True, capture_output=True)
    assert int(run.stdout) < 16_000  # kilobytes, of a file of sixty thousand
    assert len(whole) > 55_000_000


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded exchanges are not beside this checkout")
def test_the_recorded_exchanges_are_read() -> None:
    found = {(collection, entry["id"]) for collection, entry in read_export(RECORDED)}
    collections = {collection for collection, _ in found}
    assert collections == {"articles", "cases", "companies", "customers", "labels", "topics", "users"}
    assert {("cases", 3014), ("customers", 34290812), ("users", 16096734)} < found
