"""What PostgreSQL's errors mean to a customer: one sentence, and what to do or a statement to paste.

The server tells its errors by SQLSTATE, whatever its language. Only where a connection is refused does libpq keep
that code to itself; there the English wording decides, and an unknown one is handed on as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg2

from warehouses.engines.certificates import EXPIRED, NOT_YET, SELF_SIGNED, UNKNOWN_AUTHORITY
from workspace.errors import ConfigError, PublicError, TransientError


@dataclass(frozen=True, slots=True)
class Place:
    """What the sentences name: where we are connected, the table at hand, and the grant its work needs."""

    host: str
    port: int
    database: str
    user: str
    table: str = ""
    grant: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A failure in words; `{…}` are the fields of a Place, and `column`, `detail` and `said` of the error."""

    error: type[PublicError]
    code: str
    message: str
    action: str = ""


LOST = Reply(TransientError, "connection_lost", "The connection to {host}:{port} was lost.")
SILENT = Reply(
    TransientError,
    "silent",
    "The database {host}:{port} took a connection and then said nothing for too long.",
)
BUSY = Reply(TransientError, "busy", "The database is too busy: {said}")
REFUSED = Reply(ConfigError, "database_refused", "The database refused work on {table}: {said}")
STOPPING = Reply(TransientError, "database_stopping", "The database {host}:{port} is stopping or starting.")
CREDENTIALS = Reply(
    ConfigError,
    "credentials_rejected",
    "The database rejected the user {user} or its password.",
    "Check user and password; the database may also want its password set anew.",
)
NO_LOGIN = Reply(
    ConfigError, "login_not_permitted", "The user {user} may not log in.", 'ALTER ROLE "{user}" LOGIN;'
)
NO_DATABASE = Reply(
    ConfigError,
    "database_unknown",
    "There is no database named {database} on {host}:{port}.",
    "Check the database's name; upper and lower case count.",
)
TOO_MANY = Reply(TransientError, "too_many_connections", "The database has no free connection for {user}.")
TOO_NARROW = Reply(
    ConfigError,
    "column_too_narrow",
    "A value does not fit the column {column} of {table}, whose type was changed in the database.",
    'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE …; -- bigint for integers, text for texts',
)
COLUMN_TYPE = Reply(
    ConfigError,
    "column_type",
    "The column {column} of {table} was given a type that its values cannot have.",
    'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE text;',
)
ENCODING = Reply(
    ConfigError,
    "encoding",
    "The database {database} cannot store every character, because its encoding is not UTF-8.",
    "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0;",
)
TABLE_CHANGED = Reply(
    TransientError, "table_changed", "{table} was changed or dropped in the database meanwhile."
)

BY_STATE = {
    "08006": LOST,
    "0A000": Reply(
        ConfigError,
        "column_in_use",
        "The database cannot change {table}: {said}. {detail}",
        "Drop what depends on the column, usually a view, and create it again after the next sync.",
    ),
    "22001": TOO_NARROW,
    "22003": TOO_NARROW,
    "22007": COLUMN_TYPE,
    "22008": COLUMN_TYPE,
    "22P02": COLUMN_TYPE,
    "42804": COLUMN_TYPE,
    "22021": ENCODING,
    "22P05": ENCODING,
    "23502": Reply(
        ConfigError,
        "column_required",
        "The column {column} of {table} demands a value that not every object has.",
        'ALTER TABLE {table} ALTER COLUMN "{column}" DROP NOT NULL;',
    ),
    "25006": Reply(
        ConfigError,
        "read_only",
        "The database {database} on {host}:{port} is read-only, perhaps a replica.",
        "Enter the host of the primary server.",
    ),
    "25P03": LOST,
    "25P04": Reply(TransientError, "timeout", "The database took too long and the transaction was stopped."),
    "28000": NO_LOGIN,
    "28P01": CREDENTIALS,
    "3D000": NO_DATABASE,
    "3F000": Reply(
        TransientError, "schema_missing", "The schema of {table} was dropped or renamed meanwhile."
    ),
    "40001": BUSY,
    "40P01": BUSY,
    "42501": Reply(
        ConfigError,
        "permission_denied",
        "The user {user} lacks a right: {said}.",
        "{grant}",
    ),
    "42703": TABLE_CHANGED,
    "42939": Reply(
        ConfigError,
        "schema_reserved",
        "The database keeps the name {table} for itself.",
        "Give the source another schema name, one that does not begin with pg_.",
    ),
    "42P01": TABLE_CHANGED,
    "42P06": Reply(ConfigError, "schema_taken", "There is a schema named {table} in {database} already."),
    "42P07": Reply(
        ConfigError,
        "table_taken",
        "There is something else named {table} in {database}, perhaps a view.",
        "Rename or drop it; the table is made at the next sync.",
    ),
    "42P10": Reply(
        ConfigError,
        "key_missing",
        "{table} has lost its primary key.",
        "ALTER TABLE {table} ADD PRIMARY KEY (id);",
    ),
    "53100": Reply(
        ConfigError,
        "disk_full",
        "The disk of the database is full.",
        "Make room; the next sync goes on from here.",
    ),
    "53300": TOO_MANY,
    "54000": Reply(ConfigError, "row_too_wide", "A row of {table} is too wide for the database: {said}."),
    "54011": Reply(
        ConfigError,
        "too_many_columns",
        "{table} would have more columns than the database allows.",
        "Turn off properties nobody reads.",
    ),
    "55P03": Reply(
        TransientError,
        "locked",
        "{table} was locked by somebody else for too long.",
        "Look for long transactions in pg_stat_activity.",
    ),
    "57014": Reply(TransientError, "timeout", "The database took too long and the statement was stopped."),
    "57P01": STOPPING,
    "57P02": STOPPING,
    "57P03": STOPPING,
}
BY_CLASS = {
    "08": LOST,
    "22": REFUSED,
    "23": REFUSED,
    "28": CREDENTIALS,
    "40": BUSY,
    "53": BUSY,
    "54": REFUSED,
    "55": REFUSED,
    "57": STOPPING,
    "58": BUSY,
    "P0": REFUSED,
    "XX": REFUSED,
}
"""For states without a line of their own. One that is in neither map, such as a syntax error, is a bug of ours."""

NOT_POSTGRESQL = Reply(
    ConfigError,
    "not_postgresql",
    "Something answers on {host}:{port}, but it is not PostgreSQL.",
    "Check the port; PostgreSQL usually listens on 5432.",
)
NO_ANSWER = Reply(
    TransientError,
    "no_answer",
    "{host} does not answer on port {port}.",
    "Check host and port, and let our addresses through the database's firewall.",
)
UNVERIFIED = "Or choose “Encrypt, verify nothing”: whoever is in between can then pose as the database."
NOT_TRUSTED = Reply(
    ConfigError,
    "certificate_not_trusted",
    "The certificate of {host} is not trusted: {said}",
    f"Paste the certificate of the authority that signed it under CA certificate. {UNVERIFIED}",
)
OTHER_NAME = Reply(
    ConfigError,
    "certificate_not_trusted",
    "The certificate is not for {host}: {said}",
    "Enter the host by the name that its certificate is for. If the authority signs for your servers alone, "
    "“Encrypt, verify the certificate” is safe as well.",
)
DISTRUSTED = {
    EXPIRED: ("The certificate of {host} has expired.", f"Have it renewed. {UNVERIFIED}"),
    NOT_YET: ("The certificate of {host} is not valid yet.", "Check the clock of the database and ours."),
    SELF_SIGNED: (
        "The certificate of {host} is signed by itself, and it is not one you gave us.",
        f"Paste it under CA certificate, to trust this one alone. {UNVERIFIED}",
    ),
    UNKNOWN_AUTHORITY: (
        "The certificate of {host} is signed by an authority that is not trusted.",
        "Paste the certificate of that authority under CA certificate; providers have it for download. "
        f"{UNVERIFIED}",
    ),
}
"""In words, why a certificate is not trusted."""
AT_CONNECT = (
    ("Connection refused", Reply(TransientError, "refused", "Nothing listens on port {port} of {host}.",
                                 "Check host and port, and that the database listens to the network.")),
    ("timeout expired", NO_ANSWER),
    ("No route to host", NO_ANSWER),
    ("Network is unreachable", NO_ANSWER),
    ("server does not support SSL", Reply(ConfigError, "tls_unsupported", "{host}:{port} does not offer TLS.",
                                          "Turn on TLS in the database (ssl = on), or choose “Do not encrypt”: "
                                          "for hosts of a network of your own, which this installation allows.")),
    ("certificate verify failed", NOT_TRUSTED),
    ("server certificate for", OTHER_NAME),
    ("invalid response to SSL negotiation", NOT_POSTGRESQL),
    ("expected authentication request", NOT_POSTGRESQL),
    ("password authentication failed", CREDENTIALS),
    ("no password supplied", CREDENTIALS),
    ("is not permitted to log in", NO_LOGIN),
    ("permission denied for database", Reply(ConfigError, "permission_denied",
                                             "The user {user} may not connect to the database {database}.",
                                             'GRANT CONNECT ON DATABASE "{database}" TO "{user}";')),
    ("no pg_hba.conf entry", Reply(ConfigError, "address_not_allowed",
                                   "The database does not let {user} in from our address: {said}",
                                   "Add a line for it to pg_hba.conf, or allow our addresses at your provider.")),
    ('database "', NO_DATABASE),
    ('role "', CREDENTIALS),
    ("too many", TOO_MANY),
    ("remaining connection slots", TOO_MANY),
    ("the database system is", STOPPING),
    ("SSL", Reply(TransientError, "tls_failed", "Encrypting the connection to {host}:{port} failed: {said}")),
    ("closed the connection", LOST),
)  # fmt: skip
"""libpq's and the server's wording when a connection fails, the first that occurs decides."""
UNKNOWN_REFUSAL = Reply(ConfigError, "connection_refused", "The database refused the connection: {said}")

# By lines: else each "column" would read on to the end of the text.
_COLUMN = re.compile(r"column ([^\n]+?)(?:: |$)", re.MULTILINE)
_WHERE = re.compile(r"^connection to server at .*? failed: |FATAL: +|ERROR: +")


def explained(error: psycopg2.Error, place: Place) -> PublicError | None:
    """The failure of a statement in words; None when it is a bug of ours."""
    state = error.pgcode
    if state is None:
        lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return _worded(LOST, place) if lost else None
    reply = BY_STATE.get(state) or BY_CLASS.get(state[:2])
    if reply is None:
        return None
    diag = error.diag
    column = diag.column_name or _column_of(diag.context or "")
    return _worded(
        reply, place, column=column, detail=diag.message_detail or "", said=diag.message_primary or ""
    )


def silence(place: Place) -> PublicError:
    """A server that keeps the line open and says nothing, in words."""
    return _worded(SILENT, place)


def distrust(reason: str, place: Place) -> PublicError:
    """A certificate that is not trusted, in words; `reason` is one of certificates'."""
    message, action = DISTRUSTED[reason]
    return _worded(Reply(ConfigError, NOT_TRUSTED.code, message, action), place)


def refusal(error: psycopg2.Error, place: Place) -> PublicError:
    """The failure of a connection in words."""
    text = str(error).strip()
    said = _WHERE.sub("", text.splitlines()[-1]) if text else "no reason was given"
    for fragment, reply in AT_CONNECT:
        if fragment in text:
            return _worded(reply, place, said=said)
    return _worded(UNKNOWN_REFUSAL, place, said=said)


def _column_of(context: str) -> str:
    """The column in `COPY tributary_stage, line 3, column priority: "9…"`."""
    found = _COLUMN.search(context)
    return found[1] if found else "?"


def _worded(reply: Reply, place: Place, **words: str) -> PublicError:
    fields = {field: getattr(place, field) for field in Place.__slots__} | words
    return reply.error(reply.message.format(**fields), code=reply.code, action=reply.action.format(**fields))
