"""Alerts: one for each cause, one word when it is over, to every channel."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sources.models import Source
from warehouses.models import Connection
from workspace.alerts.delivering import deliver, due, sign
from workspace.alerts.models import Alert, AlertRules, Channel, Delivery
from workspace.alerts.raising import begin_delivery
from workspace.errors import ConfigError
from workspace.models import User, Workspace
from workspace.outbound import post
from workspace.tests.alerts.conftest import channel, ended
from workspace.tests.overview.conftest import add_warehouse


def test_a_failure_is_told_once_and_its_end_once(acme: Workspace, desk: Source) -> None:
    channel(acme, "email", address="ops@example.com")
    for ago in (9, 8, 7):
        ended(desk, "failed", ago)
    ended(desk, "success", 6)
    ended(desk, "success", 5)
    alert = Alert.objects.get()
    assert (alert.title, alert.text) == ("Desk.com fails", "Refused.")
    assert alert.closed_at is not None
    assert [delivery.event for delivery in Delivery.objects.order_by("pk")] == ["opened", "closed"]


def test_the_threshold_counts_failures_in_a_row(acme: Workspace, desk: Source) -> None:
    AlertRules.objects.create(workspace=acme, threshold=3)
    for ago, status in ((9, "failed"), (8, "failed"), (7, "success"), (6, "failed"), (5, "failed")):
        ended(desk, status, ago)
    assert not Alert.objects.exists()
    ended(desk, "failed", 4)
    assert Alert.objects.count() == 1


def test_each_pair_has_an_alert_of_its_own(acme: Workspace, desk: Source) -> None:
    for name in ("one", "two"):
        pair = Connection.objects.create(schema=desk.schema, warehouse=add_warehouse(acme, name))
        ended(pair, "failed")
    assert set(Alert.objects.values_list("title", flat=True)) == {
        "Desk.com → One fails",
        "Desk.com → Two fails",
    }


def test_a_mail_names_what_happened_and_where_to_look(acme: Workspace, desk: Source) -> None:
    channel(acme, "email", address="ops@example.com")
    ended(desk, "failed")
    deliver(Delivery.objects.get().pk)
    (message,) = mail.outbox
    assert message.subject == "[acme] Desk.com fails"
    assert "/acme/sources/desk-com/syncs/" in message.body


def test_a_webhook_is_signed_over_moment_and_body(
    acme: Workspace, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({httpserver.host})
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(answer)
    made = channel(acme, "webhook", url=httpserver.url_for("/hook"), secret="whsec")
    delivery = begin_delivery(made, "test")
    deliver(delivery.pk)
    (request,) = seen
    moment, signature = request.headers["X-Tributary-Signature"].removeprefix("t=").split(",v1=")
    assert signature == sign("whsec", int(moment), request.data)


def test_a_webhook_that_is_down_is_tried_again(
    acme: Workspace, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({httpserver.host})
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/hook").respond_with_data("ok")
    made = channel(acme, "slack", url=httpserver.url_for("/hook"))
    delivery = begin_delivery(made, "test")
    deliver(delivery.pk)
    deliver(delivery.pk)  # not due yet: nothing is sent
    Delivery.objects.update(next_try_at=timezone.now())
    deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.tries, delivery.delivered_at is not None) == (2, True)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/hook", "https://[::1]/hook", "https://169.254.169.254/", "http://example.com/"]
)
def test_a_webhook_to_an_address_inside_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        post(url, b"{}", {})


def test_the_bell_counts_what_is_unread(as_alice: Client, acme: Workspace, desk: Source) -> None:
    ended(desk, "failed")
    assert "Alerts, 1 unread" in as_alice.get("/acme/alerts").content.decode()
    as_alice.post("/acme/alerts")
    assert "unread" not in as_alice.get("/acme/overview").content.decode()


def test_channels_are_added_tested_and_removed(as_alice: Client, acme: Workspace) -> None:
    at = "/acme/settings/alerts/channels"
    page = as_alice.post(
        at, {"kind": "webhook", "target": "https://hooks.example.com/secret-path"}
    ).content.decode()
    made = Channel.objects.get()
    assert made.settings
    assert made.settings["secret"] in page
    assert "secret-path" not in as_alice.get("/acme/settings/alerts").content.decode()
    as_alice.post(f"{at}/{made.pk}", {"action": "test"})
    assert Delivery.objects.get().event == "test"
    as_alice.post(f"{at}/{made.pk}", {"action": "remove"})
    assert not Channel.objects.exists()


def test_an_address_that_is_none_is_told(as_alice: Client, acme: Workspace) -> None:
    at = "/acme/settings/alerts/channels"
    assert (
        "only sent over https"
        in as_alice.post(at, {"kind": "slack", "target": "http://x.example.com"}).content.decode()
    )
    assert "errorlist" in as_alice.post(at, {"kind": "email", "target": "nobody"}).content.decode()


def test_rules_are_for_owners(as_alice: Client, bob: User, as_bob: Client, acme: Workspace) -> None:
    form = {"threshold": 5, "late": "on"}
    assert as_bob.post("/acme/settings/alerts", form).status_code == 403
    as_alice.post("/acme/settings/alerts", form)
    assert (acme.alert_rules.threshold, acme.alert_rules.recovery) == (5, False)


def test_the_log_tells_what_became_of_a_delivery_and_when_it_is_tried_again(
    as_alice: Client, acme: Workspace, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({httpserver.host})
    httpserver.expect_request("/hook").respond_with_data("", status=503)
    deliver(begin_delivery(channel(acme, "slack", url=httpserver.url_for("/hook")), "test").pk)
    page = as_alice.get("/acme/settings/alerts").content.decode()
    assert "answered 503." in page
    assert "Tried again" in page


def test_a_webhook_that_refuses_is_not_asked_again(
    acme: Workspace, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({httpserver.host})
    httpserver.expect_request("/hook").respond_with_data("", status=410)
    deliver(begin_delivery(channel(acme, "slack", url=httpserver.url_for("/hook")), "test").pk)
    delivery = Delivery.objects.get()
    assert (delivery.next_try_at, delivery.delivered_at) == (None, None)
    assert list(due()) == []


def test_a_delivery_whose_worker_died_is_found_again(acme: Workspace) -> None:
    delivery = begin_delivery(channel(acme), "test")
    assert list(due()) == []
    Delivery.objects.update(tries=1, next_try_at=timezone.now())
    assert list(due()) == [delivery.pk]
    deliver(delivery.pk)
    assert list(due()) == []
