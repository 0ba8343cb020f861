"""Alerts of a workspace."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Listens to runs that end."""

    name = "workspace.alerts"
    label = "alerts"

    def ready(self) -> None:
        """Import for its receivers."""
        from workspace.alerts import watching  # noqa: F401
