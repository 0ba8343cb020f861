"""One run of work that must happen once, whatever dies: its row, its lease, its end.

A run is a row before it starts. A worker *claims* it by a conditional update that hands out the next fencing token;
it holds the run only while its lease is renewed. Every commit of the run's work goes through `Lease.commit_point`
inside the same transaction: a worker whose token is no longer the run's commits nothing.

    queued ──claim──▶ running ──finish──▶ success | partial | failed | cancelled
                        │  ▲
                        └──┘ released between slices, or the lease ran out: claimable again
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from workspace.logs import in_context
from workspace.models import RunHour, Workspace
from workspace.signals import run_ended

log = logging.getLogger(__name__)

MAX_LOG_LINES = 300
MAX_STALLED = 10
"""Turns in a row that may end without a commit, by a dead worker or a time limit, before a run is given up."""


class LeaseLost(Exception):
    """Another worker has taken the run; what was not committed is theirs to redo."""


class Cancelled(Exception):
    """Somebody asked for the run to stop."""


class Run(models.Model):
    """One attempt to move data. Counts and notices grow while it works and are what people read afterwards."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCESS = "success", "Success"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        SKIPPED = "skipped", "Skipped"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        MANUAL = "manual", "Manual"
        API = "api", "API"
        SETUP = "setup", "Setup"

    ACTIVE = (Status.QUEUED, Status.RUNNING)
    side: ClassVar[str]
    """`source` or `warehouse`: which of the two schedulers it belongs to."""
    noticed: int
    """How many notices it has, set where a list is read without them (`workspace.activity`)."""
    counted: ClassVar[bool] = True
    """Whether it is a sync, and stands in the charts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="%(class)ss")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.SCHEDULE)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="NULL: a schedule."
    )
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True, help_text="NULL: nobody works on it right now.")
    nudged_at = models.DateTimeField(default=timezone.now, help_text="When a message for it was last sent.")
    fence = models.IntegerField(default=0, help_text="Fencing token of the worker that holds it.")
    takeovers = models.IntegerField(default=0, help_text="Workers that stopped silently.")
    stalled = models.IntegerField(default=0, help_text="Takeovers since the last commit.")
    cancel_requested = models.BooleanField(default=False)
    waiting_until = models.DateTimeField(null=True)
    waiting_for = models.CharField(max_length=40, blank=True)
    requests = models.IntegerField(default=0)
    waited = models.FloatField(default=0, help_text="Seconds spent waiting for the other side.")
    rows = models.BigIntegerField(default=0, help_text="Objects or rows that were written.")
    counts = models.JSONField(default=dict, help_text="Per collection.")
    notices = models.JSONField(default=list, help_text="Sentences a customer can act on.")
    log = models.JSONField(default=list, help_text="What happened when: pairs of a moment and a sentence.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def active(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in self.ACTIVE

    def about(self) -> dict[str, str]:
        """What every log line of its work carries."""
        return {"run": str(self.pk), "kind": self._meta.model_name or "", "workspace": self.workspace.slug}

    def after_end(self) -> None:
        """What follows its end, however it came, in the transaction that ends it."""

    def notice(
        self, level: str, code: str, message: str, *, collection: str = "", action: str = "", count: int = 1
    ) -> None:
        """Add a sentence, or raise the count of the same one."""
        for known in self.notices:
            if (known["code"], known["collection"], known["message"]) == (code, collection, message):
                known["count"] += count
                return
        entry = {"level": level, "code": code, "collection": collection, "message": message, "action": action}
        self.notices.append({**entry, "count": count})

    def say(self, sentence: str) -> None:
        """Add a line to the run's log; the oldest lines but the first go when there are too many."""
        log.info("%s", sentence)
        self.log.append([timezone.now().isoformat(timespec="milliseconds"), sentence])
        if len(self.log) > MAX_LOG_LINES:
            del self.log[1]

    @property
    def troubled(self) -> bool:
        """Whether a notice keeps it from being a plain success."""
        return any(notice["level"] in ("warning", "error") for notice in self.notices)


R = TypeVar("R", bound=Run)


class Lease:
    """A worker's hold on a run, renewed by its own thread until it is given up, lost or cancelled."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.ended = threading.Event()
        self.error: Exception | None = None
        self.committed = False
        self._nudge = threading.Event()
        self._closing = False
        self._waiting: tuple[Any, str] = (None, "")
        self._thread = threading.Thread(target=in_context(self._beat), name=f"lease {run.pk}", daemon=True)

    def commit_point(self, **fields: Any) -> None:
        """Renew the lease and save `fields`, in the caller's transaction; raises LeaseLost or Cancelled.

        It locks the run's row: a takeover waits for the caller's commit, and after a takeover this finds no row.
        """
        self.check()
        self._renew(stalled=0, **fields)
        self.committed = True
        for name, value in fields.items():
            setattr(self.run, name, value)

    def check(self) -> None:
        """Raise what ended this hold, if anything has."""
        if self.error:
            raise self.error

    def wait(self, seconds: float, reason: str) -> None:
        """Wait where everybody can see it; ends early with LeaseLost or Cancelled."""
        self._waiting = (timezone.now() + timedelta(seconds=seconds), reason)
        self._nudge.set()
        try:
            self.ended.wait(seconds)
        finally:
            self._waiting = (None, "")
            self._nudge.set()
        self.check()

    def _renew(self, **fields: Any) -> None:
        held = _mine(self.run)
        if not held.filter(cancel_requested=False).update(lease_until=_lease_end(), **fields):
            taken = LeaseLost(f"Run {self.run.pk} was taken over.")
            self._end(Cancelled() if held.exists() else taken)
        self.check()

    def _end(self, error: Exception) -> None:
        self.error = self.error or error
        self.ended.set()

    def _beat(self) -> None:
        while not self._closing and not self.ended.is_set():
            self._nudge.wait(settings.LEASE_SECONDS / 6)
            self._nudge.clear()
            if self._closing:
                break
            until, reason = self._waiting
            try:
                self._renew(waiting_until=until, waiting_for=reason)
            except (LeaseLost, Cancelled):
                break
            except Exception:  # a database that is away for a moment: the lease decides, not this thread
                log.exception("The lease of run %s could not be renewed", self.run.pk)
                close_old_connections()
        connection.close()

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        self._nudge.set()
        self._thread.join()
        self._end(LeaseLost(f"Run {self.run.pk} was given up."))  # for threads of this worker that still wait


def queue(model: type[R], owner: dict[str, Any], **fields: Any) -> R:
    """A queued run for this owner, or the one that is already under way: the database allows one at a time."""
    for _ in range(5):  # the one under way may end between the two looks
        try:
            with transaction.atomic():
                return model._default_manager.create(**owner, **fields)
        except IntegrityError:
            if found := model._default_manager.filter(**owner, status__in=Run.ACTIVE).first():
                return found
    raise RuntimeError(f"No run of {owner} could be queued.")


def claim(model: type[R], run_id: Any) -> R | None:
    """Take a run that nobody holds; None when it has ended, is held, or is unknown."""
    now = timezone.now()
    free = Q(status=Run.Status.QUEUED) | Q(status=Run.Status.RUNNING)
    free &= Q(lease_until=None) | Q(lease_until__lt=now)
    abandoned = models.Case(models.When(lease_until__lt=now, then=1), default=0)
    taken = model._default_manager.filter(free, pk=run_id).update(
        status=Run.Status.RUNNING,
        fence=F("fence") + 1,
        takeovers=F("takeovers") + abandoned,
        stalled=F("stalled") + abandoned,
        lease_until=_lease_end(),
        started_at=Coalesce("started_at", now),
        waiting_until=None,
        waiting_for="",
    )
    return model._default_manager.select_related("workspace").get(pk=run_id) if taken else None


@contextmanager
def hold(run: Run) -> Iterator[Lease]:
    """Work on a claimed run; a takeover that happened before is said in the run's notices."""
    if run.takeovers:
        _tell_takeover(run)
    with Lease(run) as lease:
        yield lease


def release(run: Run, *, stalled: bool = False) -> None:
    """Let go between two slices; whoever gets the next message goes on. `stalled`: this one has committed nothing."""
    idle = {"lease_until": None, "waiting_until": None, "waiting_for": "", "nudged_at": timezone.now()}
    _mine(run).update(**idle, stalled=F("stalled") + int(stalled))


def finish(run: Run, status: str) -> bool:
    """End a run; False when it is no longer ours to end."""
    now = timezone.now()
    run.say(f"Ended: {Run.Status(status).label}.")
    fields = {name: getattr(run, name) for name in ("counts", "notices", "log", "rows", "requests", "waited")}
    with transaction.atomic():
        ended = _mine(run).update(
            status=status, finished_at=now, lease_until=None, waiting_until=None, waiting_for="", **fields
        )
        run.status, run.finished_at = status, now
        if ended:
            count_ended(run)
    return bool(ended)


def count_ended(run: Run) -> None:
    """Add an ended run to the sums that charts are drawn from, and tell who follows runs afterwards.

    In the caller's transaction.
    """
    transaction.on_commit(lambda: run_ended.send_robust(sender=type(run), run=run))
    if run.counted:
        RunHour.objects.add(run.workspace_id, run.side, run.finished_at, run.status, run.rows)
    run.after_end()


def fence_off(runs: models.QuerySet[Any], **fields: Any) -> None:
    """Let nobody commit any more who works on one of these now; another turn takes each up where it stands."""
    runs.filter(status__in=Run.ACTIVE).update(fence=F("fence") + 1, lease_until=None, **fields)


def request_cancel(run: Run) -> None:
    """Ask for a run to stop: at once when it is queued, at the next commit point when it works."""
    model = type(run)
    model._default_manager.filter(pk=run.pk, status__in=Run.ACTIVE).update(cancel_requested=True)
    with transaction.atomic():
        idle = model._default_manager.filter(pk=run.pk, status__in=Run.ACTIVE, lease_until=None)
        if idle.update(status=Run.Status.CANCELLED, finished_at=timezone.now()):
            count_ended(model._default_manager.get(pk=run.pk))


def orphans(model: type[R], limit: int = 500) -> list[Any]:
    """Ids of active runs that nobody works on and whose last message is old; marks them as nudged now."""
    now = timezone.now()
    silent = now - timedelta(seconds=settings.LEASE_SECONDS)
    abandoned = Q(lease_until__lt=now) & (Q(nudged_at__lt=F("lease_until")) | Q(nudged_at__lt=silent))
    lost = model._default_manager.filter(
        Q(lease_until=None, nudged_at__lt=silent) | abandoned, status__in=Run.ACTIVE
    )
    ids = list(lost.values_list("pk", flat=True)[:limit])
    model._default_manager.filter(pk__in=ids).update(nudged_at=now)
    return ids


def _mine(run: Run) -> models.QuerySet[Any]:
    return type(run)._default_manager.filter(pk=run.pk, fence=run.fence, status=Run.Status.RUNNING)


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _tell_takeover(run: Run) -> None:
    run.notices = [notice for notice in run.notices if notice["code"] != "taken_over"]
    times = "once" if run.takeovers == 1 else f"{run.takeovers} times"
    message = f"A worker stopped unexpectedly {times}; the run went on from its last committed page."
    run.notice("info", "taken_over", message)
