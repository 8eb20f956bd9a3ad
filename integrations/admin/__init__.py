"""The admin: one file per model or small family."""

from integrations.admin import (  # noqa: F401 - each registers itself on import
    auth,
    call,
    event,
    health,
    media,
    queue,
    run,
    service,
    stream,
    synced,
)
