"""Names of warehouse columns: go-snakecase's rule (Segment's), and what SQL and we keep for ourselves.

Two differences from Segment: a property is never dropped for its name, it gets `_` in front; and a long name
is never merely cut, it ends in a hash of the whole.
"""

import hashlib
import re

SYSTEM_NAMES = frozenset({"id", "received_at", "uuid", "uuid_ts", "_version", "_deleted_at"})

OVERFLOW = "_overflow"
"""The column for what a table has no column for; no property is called like that, their names begin with a letter."""

WIDENING = "_tributary_widening"
"""The column an engine fills before it takes another one's place; no property is called like that either."""

LONGEST = 63
"""Bytes of an identifier in PostgreSQL, the shortest of the engines; one limit keeps names alike on all."""

RESERVED = frozenset(
    word
    for line in (
        "all analyse analyze and any array as asc asymmetric authorization binary both case cast",
        "check collate collation column concurrently constraint create cross current_catalog",
        "current_date current_role current_schema current_time current_timestamp current_user",
        "default deferrable desc distinct do else end except false fetch for foreign freeze from",
        "full grant group having ilike in initially inner intersect into is isnull join lateral",
        "leading left like limit localtime localtimestamp natural not notnull null offset on only",
        "or order outer overlaps placing primary references returning right select session_user",
        "similar some symmetric system_user table tablesample then to trailing true union unique",
        "user using variadic verbose when where window with",
    )
    for word in line.split()
)
"""PostgreSQL's reserved words: `pg_get_keywords()` with catcode R or T, versions 12 to 18 together."""

_TOKEN = re.compile(r"[A-Z0-9]+[a-z0-9]*|[a-z0-9]+")


def snake_case(key: str) -> str:
    """A key by go-snakecase's rule; empty when it has no ASCII letter or digit."""
    return "_".join(_TOKEN.findall(key)).lower()


def column_name(*keys: str) -> str:
    """The column of the property under these keys, outermost first.

    Lower case ASCII, at most LONGEST bytes, never a system column or a reserved word. A key that the rule
    leaves nothing of is named after its hash.
    """
    name = "_".join(snake_case(key) or f"unnamed_{_fingerprint(key)}" for key in keys)
    if name in SYSTEM_NAMES or name in RESERVED or name[0].isdigit():
        name = f"_{name}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}_{_fingerprint(name)}"


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
