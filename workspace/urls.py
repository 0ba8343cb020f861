"""The site map. The two sides bring their own pages; they are included by name."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from workspace import entry, profile
from workspace.joining import accept_invitation

urlpatterns = [
    path("", entry.home, name="home"),
    path("admin/", admin.site.urls),
    path("accounts/", include("workspace.sign_in_urls")),
    path("profile", profile.profile, name="profile"),
    path("first", entry.first_workspace, name="first_workspace"),
    path("invitation/<str:token>", accept_invitation, name="invitation"),
    path("new", entry.new_workspace, name="new_workspace"),
    path("<slug:workspace_slug>/sources/", include("sources.urls")),
    path("<slug:workspace_slug>/warehouses/", include("warehouses.urls")),
    path("<slug:workspace_slug>/", include("workspace.tenant_urls")),
]
