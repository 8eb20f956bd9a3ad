"""The admin: one file per model or small family."""

from integrations.admin import (  # noqa: F401 - each registers itself on import
    auth,
    bulk,
    call,
    change,
    event,
    export,
    geocoding,
    health,
    incident,
    media,
    queue,
    record_error,
    refused,
    run,
    service,
    settings_change,
    stream,
    synced,
)
