"""The workspace app: tenants, runs, secrets and the page shell."""

from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    """Registers the system checks."""

    name = "workspace"

    def ready(self) -> None:
        """Import for its registrations."""
        from workspace import checks  # noqa: F401
