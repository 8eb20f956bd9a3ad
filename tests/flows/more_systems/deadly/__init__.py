"""A System whose handler kills its worker, for those who want to see that."""

from integrations.systems.base import System

SYSTEM = System(slug="deadly", label="Deadly", docs_url="https://deadly.example", base_url="http://127.0.0.1:9")
