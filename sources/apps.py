"""The left side: pull from vendors into the Hub."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """Tables are called `sources_…`."""

    name = "sources"

    def ready(self) -> None:
        """Import for its signal receivers."""
        from sources import freshness, restored  # noqa: F401
