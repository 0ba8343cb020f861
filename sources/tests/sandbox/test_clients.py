"""Three clients that others published for the real Desk read the sandbox, unchanged, to the last object."""

import collections
import collections.abc
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest
import requests
from deskapi.models import DeskApi2
from libsaas.http import HTTPError
from libsaas.services.desk import Desk
from requests.adapters import HTTPAdapter

from sources.sandbox.generator import generate
from sources.sandbox.server import Sandbox

Site = dict[str, list[dict[str, Any]]]
Objects = list[dict[str, Any]]

SEVEN = ("articles", "brands", "cases", "companies", "customers", "users", "feedbacks")
EMAIL, PASSWORD = "admin@example.com", "correct horse"


@pytest.fixture(scope="module")
def site() -> Site:
    """620 cases: seven pages of 100, thirteen of 50."""
    objects: Site = defaultdict(list)
    for collection, entry in generate(620, seed=21):
        objects[collection].append(entry)
    return objects


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(generate(620, seed=21), email=EMAIL, password=PASSWORD, rate_limit=0) as running:
        yield running


# deskapi 0.1, Basic


class Redirected(HTTPAdapter):
    """Sends what is meant for https://sandbox.desk.com, which deskapi has built in, to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace("https://sandbox.desk.com", self.url)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def deskapi(sandbox: Sandbox) -> DeskApi2:
    session = requests.Session()
    session.auth = (EMAIL, PASSWORD)
    session.headers.update({"Accept": "application/json", "Content-Type": "application/json"})
    session.mount("https://sandbox.desk.com", Redirected(sandbox.url))
    return DeskApi2(sitename="sandbox", session=session)


@pytest.mark.parametrize("collection", SEVEN)
def test_deskapi_reads_every_page_of_every_collection(deskapi: DeskApi2, site: Site, collection: str) -> None:
    found = deskapi.collection({"class": collection, "href": collection})
    assert [item._entry for item in found.items()] == site[collection]


def test_deskapi_reads_the_collections_that_it_knows_by_name(deskapi: DeskApi2, site: Site) -> None:
    assert len(deskapi.topics()) == len(site["topics"])
    assert len(deskapi.articles()) == len(site["articles"])


def test_deskapi_finds_one_object_by_id(deskapi: DeskApi2, site: Site) -> None:
    found = deskapi.collection({"class": "case", "href": "cases"}).by_id(site["cases"][5]["id"])
    assert found._entry == site["cases"][5]


def test_deskapi_follows_links_to_translations(deskapi: DeskApi2, site: Site) -> None:
    assert deskapi.articles()[0].translations.items() == {}
    assert deskapi.topics()[0].translations.items() == {}


# libsaas 0.4, OAuth 1.0a


def libsaas(sandbox: Sandbox, **changed: str) -> Desk:
    keys = {**asdict(sandbox.keys), **changed}
    desk = Desk("sandbox", keys["key"], keys["secret"], keys["token"], keys["token_secret"])
    desk.apiroot = f"{sandbox.url}/api/v2"
    return desk


def walk(get: Callable[..., dict[str, Any]], **params: Any) -> Objects:
    """Every entry of every page, counting pages up as libsaas leaves it to its users."""
    found: Objects = []
    for number in range(1, 100):
        page = get(page=number, **params)
        found.extend(page["_embedded"]["entries"])
        if page["_links"]["next"] is None:
            break
    assert len(found) == page["total_entries"]
    return found


@pytest.mark.parametrize("collection", ["cases", "customers", "users", "groups", "topics"])
@pytest.mark.parametrize("per_page", [7, 100])
def test_libsaas_reads_every_page_of_every_collection(
    sandbox: Sandbox, site: Site, collection: str, per_page: int
) -> None:
    resource = getattr(libsaas(sandbox), collection)()
    assert walk(resource.get, per_page=per_page) == site[collection]


def test_libsaas_reads_the_articles_of_every_topic(sandbox: Sandbox, site: Site) -> None:
    desk = libsaas(sandbox)
    found = [entry for topic in site["topics"] for entry in walk(desk.topic(topic["id"]).articles().get)]
    assert sorted(found, key=lambda entry: entry["id"]) == site["articles"]


def test_libsaas_signs_a_search_for_letters_beyond_ascii(sandbox: Sandbox, site: Site) -> None:
    case = next(case for case in site["cases"] if not case["subject"].isascii())
    found = walk(libsaas(sandbox).cases().search, subject=case["subject"], since_id=1)
    assert case in found


def test_libsaas_searches_customers_by_address(sandbox: Sandbox, site: Site) -> None:
    customer = next(customer for customer in site["customers"] if customer["emails"])
    assert walk(libsaas(sandbox).customers().search, email=customer["emails"][0]["value"]) == [customer]


def test_libsaas_finds_one_object_by_id_and_by_external_id(sandbox: Sandbox, site: Site) -> None:
    desk, case = libsaas(sandbox), next(case for case in site["cases"] if case["external_id"])
    assert desk.case(case["id"]).get() == case
    assert desk.case(case["external_id"], is_external=True).get() == case
    assert desk.customer(site["customers"][0]["id"]).get() == site["customers"][0]


@pytest.mark.parametrize("wrong", ["key", "secret", "token", "token_secret"])
def test_libsaas_with_one_wrong_value_is_turned_away(sandbox: Sandbox, wrong: str) -> None:
    with pytest.raises(HTTPError) as caught:
        libsaas(sandbox, **{wrong: "wrong"}).users().get()
    assert caught.value.code == 401


def test_libsaas_reads_an_unknown_id_as_not_found(sandbox: Sandbox) -> None:
    with pytest.raises(HTTPError) as caught:
        libsaas(sandbox).case(999_999_999).get()
    assert caught.value.code == 404
    assert caught.value.body == b'{"message":"Resource Not Found"}'


# tapioca-desk 0.1, Basic


@pytest.fixture
def tapioca(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(collections, "Mapping", collections.abc.Mapping, raising=False)
    wrapper, desk = importlib.import_module("tapioca"), importlib.import_module("tapioca_desk.tapioca_desk")

    class Adapter(desk.DeskClientAdapter):  # type: ignore[name-defined,misc]
        def get_api_root(self, api_params: dict[str, str]) -> str:
            return f"{sandbox.url}/api/v2"

    return wrapper.generate_wrapper_from_adapter(Adapter)(user=EMAIL, password=PASSWORD)


def tapioca_walk(resource: Any, **params: Any) -> Objects:
    def get(**query: Any) -> dict[str, Any]:
        data: dict[str, Any] = resource().get(params=query)().data
        return data

    return walk(get, **params)


@pytest.mark.parametrize("collection", ["cases", "customers", "companies", "labels"])
def test_tapioca_reads_every_page_of_every_collection(tapioca: Any, site: Site, collection: str) -> None:
    assert tapioca_walk(getattr(tapioca, f"{collection}_list"), per_page=9) == site[collection]


@pytest.mark.parametrize("collection", ["cases", "customers"])
def test_tapioca_searches_everything_after_an_id(tapioca: Any, site: Site, collection: str) -> None:
    since = site[collection][40]["id"]
    found = tapioca_walk(getattr(tapioca, f"{collection}_search"), since_id=since, sort_field="id")
    assert found in (site[collection][40:], site[collection][41:])  # documented as `>` and known as `>=`


def test_tapioca_searches_companies_by_range(tapioca: Any, site: Site) -> None:
    found = tapioca_walk(tapioca.companies_search, q="(updated_at:[0 TO 4102444800])")
    assert sorted(found, key=lambda entry: entry["id"]) == site["companies"]


def test_tapioca_reads_the_cases_of_a_customer(tapioca: Any, site: Site) -> None:
    customer = max(site["customers"], key=lambda entry: entry["_links"]["cases"]["count"])
    page = tapioca.customers_list_cases(id=customer["id"]).get()().data
    assert page["total_entries"] == customer["_links"]["cases"]["count"] > 1
    owners = {entry["_links"]["customer"]["href"] for entry in page["_embedded"]["entries"]}
    assert owners == {customer["_links"]["self"]["href"]}


def test_tapioca_with_a_wrong_password_is_turned_away(tapioca: Any) -> None:
    tapioca._api_params["password"] = "wrong"
    with pytest.raises(importlib.import_module("tapioca.exceptions").ClientError) as caught:
        tapioca.cases_list().get()
    assert caught.value.client().status_code == 401
