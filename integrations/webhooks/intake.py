"""How many deliveries a minute a service may send: counted in this process, so that counting costs nothing."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

MINUTE_S = 60


@dataclass
class Intake:
    """Deliveries of this minute, by service. Each web process counts its own."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counts: dict[int, tuple[int, int]] = field(default_factory=dict)  # minute and deliveries in it

    def wait_s(self, service: int, limit: int | None, now: float | None = None) -> int:
        """Seconds until one more may come; 0 where it may now, and is counted."""
        if limit is None:
            return 0
        moment = time.time() if now is None else now
        minute = int(moment // MINUTE_S)
        with self._lock:
            at, count = self._counts.get(service, (minute, 0))
            count = count if at == minute else 0
            if count >= limit:
                return max(1, math.ceil((minute + 1) * MINUTE_S - moment))
            self._counts[service] = (minute, count + 1)
        return 0


INTAKE = Intake()
