"""The right side: flush the Hub into databases."""

from django.apps import AppConfig


class WarehousesConfig(AppConfig):
    """Listens to the Hub for warehouses that follow each source sync."""

    name = "warehouses"

    def ready(self) -> None:
        """Import for its signal receivers."""
        from warehouses import lag, rename, restored, tasks, terms  # noqa: F401
