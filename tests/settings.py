"""Settings for the tests: the real ones, with an environment that needs no `.env`.

Hashing of passwords is the one thing made cheaper; nothing else differs from production.
"""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "tests-only-" + "0123456789abcdef" * 4)
os.environ.setdefault("CREDENTIAL_KEYS", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="console-tests-"))
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("ENVIRONMENT", "development")

from console.settings import *  # noqa: F403 - the environment must be set before

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

if ENV.redis_url:  # noqa: F405 - as above
    # Processes that test side by side must not share a cache.
    CACHES["default"]["KEY_PREFIX"] = os.environ.get("PYTEST_XDIST_WORKER", "")  # noqa: F405 - as above

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405 - as above
    # A file and not memory, so that tests with several threads meet the locks of the real thing.
    DATABASES["default"]["TEST"] = {"NAME": ENV.data_dir / "tests.sqlite3"}  # noqa: F405 - as above
