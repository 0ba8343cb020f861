"""The site map. The two sides bring their own pages; they are included by name."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from workspace import entry

urlpatterns = [
    path("", entry.home, name="home"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("profile", entry.not_yet, name="profile"),
    path("new", entry.not_yet, name="new_workspace"),
    path("<slug:workspace_slug>/sources/", include("sources.urls")),
    path("<slug:workspace_slug>/warehouses/", include("warehouses.urls")),
    path("<slug:workspace_slug>/", include("workspace.tenant_urls")),
]
