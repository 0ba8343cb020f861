"""Names that somebody would choose to reach past a statement; the same ones each time."""

from __future__ import annotations

import random

BITS = (
    '"', "'", "`", "[", "]", ";", "--", "/*", "*/", "$$", "$1", "\\", "\\'", '\\"', "%s", "%(x)s", "%%", "%", "{}",
    "{0}", "?", ":x", "\n", "\r\n", "\t", "\x1f", "\x7f", " ", ".", ",", "(", ")", "=", "|", "||", "é", "ß", "İ",
    "\u02bc", "\u2019", "\u201d", "\uff02", "\u202e", "\u200b", "\u2028",
    "\ufeff", "🦀", "NULL", "DROP TABLE bystander",
    "or 1=1", "select", "UNION SELECT", "pg_sleep(9)", "COMMIT", "id", "uuid", "_version", "public", "pg_catalog",
    "a", "B", "0",
    "\\N", "\\.",
    '"; DROP TABLE bystander; --', "'; DROP TABLE bystander; --", '" integer); DROP TABLE bystander; --',
    '"."bystander',
    "$$; DROP TABLE bystander; $$", "E'\\x27; DROP TABLE bystander", "' || (SELECT 1/0) || '", '"" ; --', "U&\"\\0022",
)  # fmt: skip


def hostile_names(count: int = 500, longest: int = 63) -> list[str]:
    """So many different names, each of at most `longest` bytes."""
    chance, names = (
        random.Random("hostile"),
        dict.fromkeys(bit for bit in BITS if len(bit.encode()) <= longest),
    )
    while len(names) < count:
        name = "".join(chance.choices(BITS, k=chance.randint(1, 6)))
        names[name.encode()[:longest].decode(errors="ignore")] = None
    return list(names)[:count]
