"""The one settings file. Everything that differs between installations comes from `env.py`."""

from __future__ import annotations

from typing import Any

from console import env
from console.unfold import UNFOLD  # noqa: F401 - read by Unfold as settings.UNFOLD

ENV = env.read()
BASE_DIR = env.BASE_DIR

SECRET_KEY = ENV.secret_key
CREDENTIAL_KEYS = ENV.credential_keys
CREDENTIAL_FILES = ENV.credential_files
LEGACY_FILES = ENV.legacy_files
OWN_VARIABLES = ENV.names
DEBUG = ENV.debug
ALLOWED_HOSTS = list(ENV.allowed_hosts)
ENVIRONMENT = ENV.environment
HEALTH_TOKEN = ENV.health_token
WEB_PORT = ENV.web_port
SANDBOX_PORT = ENV.sandbox_port
ADMIN_PASSWORD = ENV.admin_password
UNTRUSTED_NETWORKS = ENV.untrusted_networks
UNTRUSTED_PORTS = ENV.untrusted_ports
CONSOLE_URL = ENV.console_url
TRUSTED_PROXIES = ENV.trusted_proxies

ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "import_export",
    "imagekit",
    "django_q",
    "console.apps.ConsoleConfig",
    "integrations.apps.IntegrationsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.content_security_policy",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "console.middleware.htmx_login_redirect",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
            ]
        },
    }
]

# Nothing acknowledged may be lost when power fails, hence synchronous=FULL; IMMEDIATE, because a
# transaction that upgrades from read to write fails at once when another one writes.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}

# A server that takes the connection and says nothing would otherwise be waited for without end.
# Django prepares nothing unless told to, and even then only what goes past its own cursors: see integrations/rows.py.
POSTGRESQL_OPTIONS = {"connect_timeout": 3, "prepare_threshold": 5}


def _database() -> dict[str, Any]:
    database = dict(ENV.database)
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {**database.get("OPTIONS", {}), **SQLITE_OPTIONS}
    else:
        database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        database["OPTIONS"] = {**POSTGRESQL_OPTIONS, **database.get("OPTIONS", {})}
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared between processes in either form: the queue's statistics and imagekit's states need that.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENV.redis_url}
    if ENV.redis_url
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

# What makes the queue safe; integrations/checks.py refuses to start with anything weaker and says why.
# Retries belong to our own rows, so a failed task is acknowledged and no result is kept.
Q_CLUSTER = {
    "name": "console",
    "orm": "default",
    "broker_class": "integrations.queue.Broker",
    "workers": ENV.workers,
    "bulk": 4,
    "queue_limit": 4,
    "timeout": 120,
    "retry": 1200,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 400_000,
    "poll": 0.1,
    "label": "Queue",
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

USE_TZ = True
TIME_ZONE = ENV.time_zone
LANGUAGE_CODE = "en-gb"
USE_I18N = False  # the words are those that the code says: nothing is looked up to be translated

STATIC_URL = "static/"
STATIC_ROOT = ENV.data_dir / "static"
STATICFILES_DIRS = [BASE_DIR / "console" / "static"]
MEDIA_ROOT = ENV.data_dir / "media"
MEDIA_URL = "media/"
MEDIA_LARGEST_BYTES = ENV.largest_upload_mb * 1024 * 1024
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Pictures are generated by the worker, never in a threaded web process.
IMAGEKIT_DEFAULT_CACHEFILE_STRATEGY = "integrations.media.derivatives.GeneratedByWorker"
IMAGEKIT_CACHE_TIMEOUT = 3600

IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.https
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_NAME = "console_session"
SECURE_SSL_REDIRECT = ENV.https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # probes speak plain HTTP from inside
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # Unfold excepts the pages that it opens in a frame of our own

EMAIL_HOST = ENV.mail_server.host
EMAIL_PORT = ENV.mail_server.port
EMAIL_HOST_USER = ENV.mail_server.user
EMAIL_HOST_PASSWORD = ENV.mail_server.password
EMAIL_USE_TLS = ENV.mail_server.starts_tls
EMAIL_USE_SSL = ENV.mail_server.is_tls
EMAIL_TIMEOUT = 10  # seconds; a task waits for it
DEFAULT_FROM_EMAIL = ENV.email_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.log_level},
    # django-q2 brings a handler of its own; without this every line would be printed twice.
    # urllib3 would write every address with its secrets when all is to be logged; the call log has them without.
    "loggers": {
        "django-q": {"propagate": False, "handlers": ["console"], "level": "WARNING"},
        "urllib3": {"level": "INFO"},
    },
}
