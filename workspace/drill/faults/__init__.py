"""Every fault of the drill, by families in the order in which they are injected."""

from workspace.drill.faults import desk, workers
from workspace.drill.faults.fault import Fault

FAULTS: list[Fault] = [*workers.FAULTS, *desk.FAULTS]
