"""Numbers for Prometheus. Every one is answered from sums, indexes or what is under way: none costs more with history.

Runs and rows count from the beginning of the UTC day. Prometheus takes that for a process that begins anew: `rate` and
`increase` go on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from workspace.monitoring import heartbeats
from workspace.monitoring.starting import SIDES, nothing_starts, overdue, run_models
from workspace.runs import Run
from workspace.signals import measuring

RECENT = timedelta(hours=1)


class Installation(Collector):
    """All families; each side adds its own by the signal `measuring`."""

    def collect(self) -> Iterable[Metric]:
        """Measured now."""
        yield from _ended_runs()
        yield from _active_runs()
        yield from _schedules()
        yield from _heartbeats()
        answers: list[tuple[Any, Any]] = measuring.send(sender=None)
        for _, families in answers:
            yield from families


def text() -> bytes:
    """In Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Installation())
    return generate_latest(registry)


def gauge(name: str, what: str, labels: list[str], values: Iterable[tuple[list[str], float]]) -> Metric:
    """A family of values that may go up and down."""
    family = GaugeMetricFamily(f"tributary_{name}", what, labels=labels)
    for given, value in values:
        family.add_metric(given, value)
    return family


def _ended_runs() -> Iterable[Metric]:
    runs = CounterMetricFamily(
        "tributary_runs", "Runs that ended, since the beginning of the UTC day.", labels=["side", "outcome"]
    )
    rows = CounterMetricFamily(
        "tributary_rows", "Objects or rows that these wrote.", labels=["side", "outcome"]
    )
    found = {(side, outcome): (number, written) for side, outcome, number, written in _sums_of_today()}
    outcomes = [status.value for status in Run.Status if status not in Run.ACTIVE]
    for side in SIDES:
        for outcome in outcomes:
            number, written = found.get((side, outcome), (0, 0))
            runs.add_metric([side, outcome], number)
            rows.add_metric([side, outcome], written)
    return runs, rows


def _sums_of_today() -> list[tuple[Any, ...]]:
    """Per workspace through the unique index, which an aggregate over the whole table would not use."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.side, h.status, sum(h.runs), sum(h.rows)
               FROM workspace_workspace w CROSS JOIN unnest(%s::text[]) AS s(side)
               CROSS JOIN LATERAL (SELECT status, runs, rows FROM workspace_runhour
                   WHERE workspace_id = w.id AND side = s.side
                     AND hour >= date_trunc('day', now(), 'UTC') OFFSET 0) h
               GROUP BY s.side, h.status""",
            [list(SIDES)],
        )
        return list(cursor)


def _active_runs() -> Iterable[Metric]:
    """Queues and waits, by the kind of run."""
    now, told = timezone.now(), []
    for model in run_models():
        active = model._default_manager.filter(status__in=Run.ACTIVE)
        found = active.aggregate(
            queued=Count("pk", Q(status=Run.Status.QUEUED)),
            oldest=Min("queued_at", filter=Q(status=Run.Status.QUEUED)),
            running=Count("pk", Q(status=Run.Status.RUNNING)),
            held=Count("pk", Q(lease_until__gt=now)),
            waiting=Count("pk", Q(waiting_for="rate_limited", waiting_until__gt=now)),
        )
        recent = model._default_manager.filter(queued_at__gt=now - RECENT).aggregate(waited=Sum("waited"))
        oldest = found.pop("oldest")
        age = (now - oldest).total_seconds() if oldest else 0.0
        told.append(([model._meta.model_name or ""], {**found, "age": age, "waited": recent["waited"] or 0}))
    for name, key, what in _ACTIVE:
        yield gauge(name, what, ["kind"], [(labels, values[key]) for labels, values in told])


_ACTIVE = [
    ("queued_runs", "queued", "Runs that wait for a worker."),
    ("queue_age_seconds", "age", "How long the oldest of them has waited."),
    ("running_runs", "running", "Runs that have begun and not ended."),
    ("held_runs", "held", "Runs that a worker holds right now."),
    ("rate_limited_runs", "waiting", "Runs that wait for a vendor's rate limit right now."),
    ("waited_seconds", "waited", "Seconds that runs of the last hour spent waiting for the other side."),
]


def _schedules() -> Iterable[Metric]:
    now = timezone.now()
    late = [([side], float(overdue(side, now).count())) for side in SIDES]
    yield gauge(
        "overdue", "Enabled sources and warehouses whose run should have begun by now.", ["side"], late
    )
    silent = float(nothing_starts(now))
    yield gauge(
        "nothing_starts", "1 when runs are due and nobody begins or works on any.", [], [([], silent)]
    )


def _heartbeats() -> Iterable[Metric]:
    values = []
    for name in (heartbeats.WORKER, heartbeats.BEAT):
        try:
            silence = heartbeats.silent_for(name)
        except RedisError:
            continue
        values.append(([name], float("inf") if silence is None else silence))
    yield gauge("heartbeat_age_seconds", "Since the last sign of life; +Inf: none yet.", ["process"], values)
