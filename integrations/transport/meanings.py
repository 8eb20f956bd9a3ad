"""What a vendor's own codes mean, where they tell more than the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import jmespath

from integrations.transport.answer import Answer
from integrations.transport.codes import Code


@dataclass(frozen=True)
class Meanings:
    """Of answers whose status is an error; codes that are not listed mean what the status says.

    So a vendor that answers 500 where nothing was found is neither asked again nor taken for broken.

    Attributes:
        path: JMESPath of the code in the JSON of the answer; empty where the vendor has none.
        codes: by the vendor's code, as text.
    """

    path: str = ""
    codes: Mapping[str, Code] = field(default_factory=dict)

    def of(self, answer: Answer) -> Code | None:
        """What the answer's code means; None where it has none, or one that is not listed."""
        found = jmespath.search(self.path, answer.json) if self.path else None
        return self.codes.get(str(found)) if isinstance(found, str | int) else None
