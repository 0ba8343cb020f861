"""The declarative source: what to ask the server for, and what comes back."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.table import COLUMNS

JSON_TYPES: dict[str, dict[str, Any]] = {
    "bigint": {"type": ["null", "integer"]},
    "boolean": {"type": ["null", "boolean"]},
    "timestamptz": {"type": ["null", "string"], "format": "date-time"},
    "text": {"type": ["null", "string"]},
}
NESTED: dict[str, dict[str, Any]] = {
    "_links": {"type": ["null", "object"]},
    "custom_fields": {"type": ["null", "object"]},
    "label_ids": {"type": ["null", "array"]},
    "labels": {"type": ["null", "array"]},
}
LINKED = ("customer_id", "assigned_user_id", "assigned_group_id")
"""Stay in _links: a template for each row would cost more than all else."""

PROPERTIES = {name: JSON_TYPES[kind] for name, kind in COLUMNS.items() if name not in LINKED} | NESTED
SCHEMA = {"type": "object", "properties": PROPERTIES}
REQUESTER = {
    "type": "HttpRequester",
    "url_base": "{{ config['site'] }}",
    "path": "/cases",
    "http_method": "GET",
}
PAGINATOR = {
    "type": "DefaultPaginator",
    "page_token_option": {"type": "RequestPath"},
    "pagination_strategy": {
        "type": "CursorPagination",
        "cursor_value": "{{ config['site'] }}{{ response['_links']['next']['href'] }}",
        "stop_condition": "{{ not response['_links']['next'] }}",
    },
}
INCREMENTAL = {
    "type": "DatetimeBasedCursor",
    "cursor_field": "updated_at",
    "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
    "start_datetime": "1970-01-01T00:00:00Z",
    "start_time_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "since"},
}
CASES = {
    "type": "DeclarativeStream",
    "name": "cases",
    "primary_key": ["id"],
    "retriever": {
        "type": "SimpleRetriever",
        "requester": REQUESTER,
        "paginator": PAGINATOR,
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["_embedded", "entries"]},
        },
    },
    "incremental_sync": INCREMENTAL,
    "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
}
MANIFEST = {
    "version": "6.44.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["cases"]},
    "streams": [CASES],
    "spec": {
        "type": "Spec",
        "connection_specification": {
            "type": "object",
            "required": ["site"],
            "properties": {"site": {"type": "string"}},
        },
    },
}
