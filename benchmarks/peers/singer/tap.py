"""A tap of cases, as the SDK's documentation has one written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseHATEOASPaginator

from benchmarks.contestants.table import COLUMNS, as_row

TYPES = {"bigint": th.IntegerType, "boolean": th.BooleanType, "timestamptz": th.DateTimeType}


class NextLink(BaseHATEOASPaginator):
    """The link to the next page."""

    def get_next_url(self, response: Any) -> str | None:
        """None on the last page."""
        following = response.json()["_links"]["next"]
        return following["href"] if following else None


class CasesStream(RESTStream):
    """Cases, and from the second time on those that changed since."""

    name = "cases"
    path = "/cases"
    primary_keys = ("id",)
    replication_key = "updated_at"
    records_jsonpath = "$._embedded.entries[*]"
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *(th.Property(name, TYPES.get(kind, th.StringType)) for name, kind in COLUMNS.items())
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The server of this benchmark."""
        return str(self.config["site"])

    def get_new_paginator(self) -> NextLink:
        """For each sync."""
        return NextLink()

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        """The next page's, or those of the first one."""
        if next_page_token:
            return dict(part.split("=", 1) for part in next_page_token.query.split("&"))
        since = self.get_starting_replication_key_value(context)
        return {"page": 1, "since": since} if since else {"page": 1}

    def post_process(self, row: dict[str, Any], context: Any = None) -> dict[str, Any]:
        """What the links lead to, in columns of its own."""
        as_row(row).pop("_links")
        return row


class CasesTap(Tap):
    """A tap with one stream."""

    name = "tap-cases"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("site", th.StringType)
    ).to_dict()

    def discover_streams(self) -> Iterable[Any]:
        """Only cases."""
        return [CasesStream(self)]


if __name__ == "__main__":
    CasesTap.cli()
