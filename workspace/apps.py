"""The workspace app: tenants, runs, secrets and the page shell; and the operator's pages."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class WorkspaceConfig(AppConfig):
    """Registers the system checks."""

    name = "workspace"
    verbose_name = "Workspaces and people"
    default = True

    def ready(self) -> None:
        """Import for its registrations."""
        from workspace import checks  # noqa: F401


class OperatorPages(django_admin.AdminConfig):
    """Django's admin behind our sign-in."""

    default = False
    default_site = "workspace.operator.Operations"
