"""The operator's pages at /admin/: who gets in, and what its lists and records have in common.

An operator looks at everything but secrets. The few things to be changed there go on record like any other change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, wraps
from typing import Any, ClassVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

_TABLE = (
    '<div class="rows" role="region" tabindex="0" aria-label="{}">'
    "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
)

MOST = 10_000
"""No list counts or reaches further: filters lead to what lies beyond."""


class Operations(admin.AdminSite):
    """Django's admin for accounts marked as operators; to everybody else it does not exist."""

    site_title = site_header = "Tributary administration"
    index_title = "This installation"

    def has_permission(self, request: HttpRequest) -> bool:
        """An operator, signed in with two factors unless the installation does without."""
        return super().has_permission(request) and not _lacks_second_factor(request)

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Every page goes through here. Who is not signed in has been led to `login` before."""
        page = super().admin_view(view, cacheable)

        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not super(Operations, self).has_permission(request):
                raise Http404
            return _ask_for_it(request) if _lacks_second_factor(request) else page(request, *args, **kwargs)

        return guarded

    @login_not_required
    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """There is one sign-in, and it leads back."""
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The same for the way out."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """And for one's password."""
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Where one ends afterwards."""
        return redirect("profile")


def _lacks_second_factor(request: HttpRequest) -> bool:
    """A session from before two-factor sign-in was set up counts as one without."""
    records = get_authentication_records(request, request.user)
    return settings.ADMIN_NEEDS_MFA and not any(record.get("method") == "mfa" for record in records)


def _ask_for_it(request: HttpRequest) -> HttpResponseBase:
    if is_mfa_enabled(request.user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    messages.warning(request, "The administration is open to accounts with two-factor sign-in only.")
    return redirect("mfa_index")


class Near(Paginator):
    """Pages of the first rows only, so that a long history costs no more than a short one."""

    @cached_property
    def count(self) -> int:
        """Counted no further than MOST."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:MOST].count()


class ReadOnly(admin.ModelAdmin):
    """Rows that only the product writes."""

    paginator = Near
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class RunAdmin(ReadOnly):
    """Runs, newest first."""

    ordering = ("-queued_at",)
    list_filter = ("status", "trigger")
    search_fields = ("workspace__slug__exact",)
    search_help_text = "The slug of a workspace."
    readonly_fields: ClassVar[tuple[str, ...]] = ("told_counts", "told_notices", "told_log")
    hidden = ("id", "counts", "notices", "log")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything, what is JSON in a form that can be read."""
        names = [field.name for field in self.model._meta.fields if field.name not in self.hidden]
        return [*names, *self.readonly_fields]

    @admin.display(description="Counts")
    def told_counts(self, run: Any) -> SafeString:
        """Per collection."""
        return as_block(run.counts)

    @admin.display(description="Notices")
    def told_notices(self, run: Any) -> SafeString:
        """What the customer is told."""
        said = [
            (one["level"], one["collection"], one["message"], one["action"], one["count"])
            for one in run.notices
        ]
        return format_html_join("", "<p><b>{}</b> {} {} {} ({} times)</p>", said) or SafeString("–")

    @admin.display(description="Log")
    def told_log(self, run: Any) -> SafeString:
        """What happened when."""
        lines = "\n".join(f"{at}  {sentence}" for at, sentence in run.log)
        return format_html('<pre tabindex="0">{}</pre>', lines or "–")


def as_block(value: Any) -> SafeString:
    """JSON to be read."""
    return format_html('<pre tabindex="0">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def as_table(label: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    """Rows of another table that belong to a record."""
    head = format_html_join("", '<th scope="col">{}</th>', ((one,) for one in heads))
    cells = (format_html_join("", "<td>{}</td>", ((one,) for one in row)) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))
    return format_html(_TABLE, label, head, body)
