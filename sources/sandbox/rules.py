"""What each collection's lists can do (desk-api 6 and 12), and what the sandbox chose where nobody knows.

Chosen: the page cap of 500 holds for every list, though it is documented for lists and searches of cases and
for the other searches only; feedbacks take 500 per page like articles; topics, brands and the lists below an
object take 100;
parameters a list does not know, `sort_field` included, are ignored, but a date or id that cannot be read is
refused with 422; `page` and `per_page` that make no sense count as absent.
"""

from dataclasses import dataclass

PAGE_CAP = 500
DEFAULT_PER_PAGE = 50
PAGE_TOO_HIGH = f"page parameter must be less than or equal to {PAGE_CAP}"

STAMPS = ("created_at", "updated_at")


@dataclass(frozen=True)
class Rules:
    """`windows`: what since_ and max_ parameters there are; `sorts`: sort fields beside id."""

    most_per_page: int = 100
    windows: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    writable: bool = False


RULES = {
    "cases": Rules(
        windows=("id", *STAMPS), sorts=(*STAMPS, "priority", "received_at", "status"), writable=True
    ),
    "customers": Rules(windows=("id", *STAMPS), sorts=(*STAMPS, "external_id"), writable=True),
    "companies": Rules(500, sorts=(*STAMPS, "name"), writable=True),
    "articles": Rules(
        500, windows=("id",), sorts=(*STAMPS, "position", "subject", "rating", "rating_score"), writable=True
    ),
    "users": Rules(1000, sorts=("name",)),
    "groups": Rules(1000),
    "labels": Rules(1000),
    "custom_fields": Rules(1000),
    "topics": Rules(sorts=("position",), writable=True),
    "feedbacks": Rules(500),
}
PLAIN = Rules()


def rules(collection: str) -> Rules:
    """The rules of a collection's lists."""
    return RULES.get(collection, PLAIN)
