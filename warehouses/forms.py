"""What we ask about a warehouse beside what its engine asks."""

from __future__ import annotations

from django import forms


class NameForm(forms.Form):
    """What people call a warehouse."""

    name = forms.CharField(
        max_length=100, help_text="Names the warehouse in this workspace, such as Postgres production."
    )


class AddForm(NameForm):
    """The beginning of adding one; `key` makes a form that is sent twice add one warehouse."""

    key = forms.UUIDField(widget=forms.HiddenInput)
