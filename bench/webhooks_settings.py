"""The console's own settings, with the address of the bare view beside its own."""

from console.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "webhooks_urls"
