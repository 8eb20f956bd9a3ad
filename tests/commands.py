"""The command line as a shell sees it: another process, its exit code and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BASE = {
    "SECRET_KEY": "tests-only-" + "0123456789abcdef" * 4,
    "CREDENTIAL_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "PATH": os.environ["PATH"],
}


def manage(
    *arguments: str, environment: Mapping[str, str] | None = None, project: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` in an environment that holds nothing but what is given."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project,
        env={**BASE, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
