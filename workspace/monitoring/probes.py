"""The three addresses that machines ask: /healthz, /readyz and /metrics.

They are answered before sessions, hosts and redirects are looked at: a probe knows an address and no name, and what
it asks about may be what is broken.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from workspace.monitoring import heartbeats, metrics
from workspace.monitoring.starting import nothing_starts

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
Respond = Callable[[HttpRequest], HttpResponse]


def answer_probes(get_response: Respond) -> Respond:
    """Middleware: these addresses are answered here, all others pass."""

    def respond(request: HttpRequest) -> HttpResponse:
        answer = PROBES.get(request.path_info)
        if answer is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = answer(request)
        response["Cache-Control"] = "no-store"
        return response

    return respond


def is_healthy(request: HttpRequest) -> HttpResponse:
    """200: the web process lives, whatever else does not. `starting` says whether due runs begin.

    Restarting this process would not start them, so the status stays: `/readyz` tells it by its status.
    """
    return JsonResponse({"status": "ok", "version": settings.VERSION, "starting": _starting()})


def is_ready(request: HttpRequest) -> HttpResponse:
    """200 when all it takes is there, else 503; each part by its name."""
    parts = {
        "database": _database(),
        "broker": "away" if _heard(heartbeats.WORKER) is None else "ok",
        "worker": _lives(heartbeats.WORKER),
        "beat": _lives(heartbeats.BEAT),
        "starting": _starting(),
    }
    ready = all(word == "ok" for word in parts.values())
    return JsonResponse(
        {"status": "ok" if ready else "not ready", "parts": parts}, status=200 if ready else 503
    )


def show_metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus, for those who may see them; for others there is no such address."""
    if not may_see_metrics(request):
        return HttpResponse(status=404)
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def may_see_metrics(request: HttpRequest) -> bool:
    """Whoever knows METRICS_TOKEN. Without one: this machine, unless a proxy on it speaks for others."""
    if settings.METRICS_TOKEN:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(said.encode(), settings.METRICS_TOKEN.encode())
    forwarded = settings.BEHIND_PROXY or any(name in request.headers for name in FORWARDED)
    return not forwarded and request.META.get("REMOTE_ADDR") in LOOPBACK


FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
PROBES: dict[str, Respond] = {"/healthz": is_healthy, "/readyz": is_ready, "/metrics": show_metrics}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "away"
    return "ok"


def _heard(name: str) -> bool | None:
    try:
        return heartbeats.is_alive(name)
    except RedisError:
        return None


def _lives(name: str) -> str:
    return {True: "ok", False: "silent", None: "unknown"}[_heard(name)]


def _starting() -> str:
    try:
        return "nothing started" if nothing_starts() else "ok"
    except DatabaseError:
        return "unknown"
