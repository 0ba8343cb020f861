"""Settings of the installation: the only place that reads the environment.

Every variable has a line in .env.example. Values that would hurt later are caught by workspace/checks.py.
"""

import sys
from pathlib import Path
from typing import Any

import environ

from workspace import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# The site
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
"""Where people reach this installation; links in mails and webhooks begin with it."""
ROOT_URLCONF = "workspace.urls"
WSGI_APPLICATION = "workspace.wsgi.application"
VERSION = "0.1.0"

INSTALLED_APPS = [
    "workspace.apps.OperatorPages",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "workspace",
    "workspace.hub",
    "workspace.alerts",
    "sources",
    "warehouses",
]
MIDDLEWARE = [
    "workspace.monitoring.probes.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspace.known_browsers.remember_browsers",
    "workspace.sign_in.lead_fragments_to_sign_in",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "workspace.viewer.in_own_time_zone",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspace.viewer.shell",
            ]
        },
    }
]

# A selection names every property twice: shown, and on.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

FORM_RENDERER = "workspace.forms.PageRenderer"

# Stores: PostgreSQL is the truth, Redis carries nudges, the cache and the shared rate budget
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
# Who holds a lock in an open transaction and is stopped, or vanishes with its host, is cut off: others go on.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c idle_in_transaction_session_timeout=60000"
    " -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"
    " -c tcp_user_timeout=40000"
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5},
    }
}

# People
AUTH_USER_MODEL = "workspace.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_ENGINE = "workspace.sessions"
SESSION_COOKIE_AGE = 7 * 86_400
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_MINUTES", default=24 * 60) * 60
"""A session that nobody uses for so long is over before its seven days are."""
MESSAGE_STORAGE = "workspace.cookies.Messages"
ACCOUNT_ADAPTER = "workspace.sign_in.OnlyInvited"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
# An unknown address gets a mail as well: neither the page nor the time it takes tells who has an account.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
# Wrong passwords and codes, for each caller's address and for each account (workspace/known_browsers.py)
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,20/h/ip,5/5m/key,20/d/key"}
MFA_ADAPTER = "workspace.sign_in.SealedAuthenticators"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tributary"
# Addresses are confirmed by the invitation that came to them; those of allauth's own table are not.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ADMIN_NEEDS_MFA = env.bool("ADMIN_NEEDS_MFA", default=not DEBUG)
"""Whether the operator's pages at /admin/ are closed to accounts without two-factor sign-in."""

# Mail: to the log of the web process unless a server is named
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="Tributary <tributary@localhost>")

# Nothing but our own files: no inline script or style, no other host, no frame. Tabler's arrows are data: pictures.
_NONE, _SELF = "'none'", "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_SELF],
        "img-src": [_SELF, "data:"],
        "object-src": [_NONE],
        "base-uri": [_NONE],
        "form-action": [_SELF],
        "frame-ancestors": [_NONE],
    }
}

# Monitoring
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
"""Whoever sends it as a bearer token may read /metrics. Without one only this machine may, and not through a proxy."""

DRILL_REPORT = BASE_DIR / "var" / "drill" / "report.json"
"""Where `make drill` leaves its last report."""

# Language, time, files
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# HTTPS
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS_ONLY
COOKIE_PREFIX = "__Host-" if HTTPS_ONLY else ""
"""A cookie of such a name is taken from this very host only, over TLS and for all of it: no neighbour plants one."""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# Credentials of customers: the first key encrypts, all of them decrypt
CREDENTIAL_KEYS: list[str] = env.list("CREDENTIAL_KEYS", default=[])

# Hosts (`name` or `name:port`) that may resolve to private or loopback addresses
OUTBOUND_ALLOWED_HOSTS = frozenset(host.lower() for host in env.list("OUTBOUND_ALLOWED_HOSTS", default=[]))

# Plans: `every` is the time between warehouse syncs in seconds, `hours` how many hourly slots may be chosen
PLANS: dict[str, dict[str, Any]] = {
    "free": {"label": "Free", "warehouses": 1, "every": 86_400},
    "team": {"label": "Team", "warehouses": 1, "every": 43_200},
    "business": {"label": "Business", "warehouses": None, "every": 3_600, "hours": 24},
    "unlimited": {"label": "Unlimited", "warehouses": None, "every": 60},
}
DEFAULT_PLAN = env.str("DEFAULT_PLAN", default="unlimited")

# Celery carries ids and nudges; a message lost or doubled changes nothing (reasons in docs/architecture.md)
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 20,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TRACK_STARTED = False
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
SLICE_SECONDS = env.int("SLICE_SECONDS", default=30)
"""A long sync hands itself on after this many seconds, behind those that wait: small sources go in between."""
TICK_SECONDS = env.float("TICK_SECONDS", default=60.0)
"""How often the two schedulers ask what is due and which runs nobody works on."""
LEASE_SECONDS = env.int("LEASE_SECONDS", default=45)
"""A run whose worker has been silent for this long is taken over at the next tick: within two minutes, with room."""

# What a foreground command and a worker say; secrets never reach a log record
LOG_FORMAT = env.str("LOG_FORMAT", default="line" if DEBUG or sys.stderr.isatty() else "json")
LOGGING = logs.configured(LOG_FORMAT, env.str("LOG_LEVEL", default="WARNING").upper())
