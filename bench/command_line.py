"""The command line that all benches have."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from databases import KINDS

POSTGRES = "postgres://postgres@127.0.0.1:5432/"


def parser_of(description: str, amounts: Mapping[str, Any]) -> argparse.ArgumentParser:
    """`--small` or `--full`, which become the `amount` of that name, and which database."""
    parser = argparse.ArgumentParser(description=description)
    amount = parser.add_mutually_exclusive_group(required=True)
    for name, value in amounts.items():
        amount.add_argument(f"--{name}", dest="amount", action="store_const", const=value)
    parser.add_argument("--database", choices=KINDS, help="one of them only")
    parser.add_argument("--postgres", default=os.environ.get("BENCH_POSTGRES", POSTGRES), help="URL of the server")
    return parser
