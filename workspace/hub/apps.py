"""The Hub: the latest state of every object, between the two schedulers."""

from django.apps import AppConfig


class HubConfig(AppConfig):
    """Tables are called `hub_…`."""

    name = "workspace.hub"
    label = "hub"
