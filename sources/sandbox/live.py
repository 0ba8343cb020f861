"""Time passing: cases come, move and vanish while the sandbox is being read."""

import random
import threading
from dataclasses import replace

from sources.sandbox.mutations import Mutation, mutate
from sources.sandbox.store import Store

_SHARES = (
    (Mutation("update", "cases", 3), 1.0),
    (Mutation("create", "cases"), 0.5),
    (Mutation("update", "customers"), 0.4),
    (Mutation("create", "customers"), 0.1),
    (Mutation("soft_delete", "cases"), 0.1),
    (Mutation("delete", "cases"), 0.05),
    (Mutation("update", "articles"), 0.05),
    (Mutation("create", "feedbacks"), 0.05),
    (Mutation("touchless", "cases"), 0.05),
)
"""What happens in a step, and how likely it is."""


class Life:
    """A thread that changes a few objects every so many seconds until it is stopped."""

    def __init__(self, store: Store, every: float = 1.0, seed: int = 1) -> None:
        self.every = every
        self.steps = 0
        self._store, self._rng = store, random.Random(seed)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def on(self) -> bool:
        """Whether time passes."""
        return self._thread is not None

    def start(self) -> None:
        """Lets time pass; nothing if it does."""
        if not self._thread:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="desk-sandbox-life", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Waits for the step under way; the site stays as it is from then on."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def step(self) -> None:
        """Everything that happens at one moment, whole for whoever reads."""
        with self._store.lock:
            for mutation, share in _SHARES:
                if self._rng.random() < share:
                    mutate(self._store, replace(mutation, seed=self._rng.randrange(1 << 32)))
        self.steps += 1

    def _run(self) -> None:
        while not self._stopped.wait(self.every):
            self.step()
