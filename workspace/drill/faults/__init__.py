"""Every fault of the drill, by families in the order in which they are injected."""

from workspace.drill.faults import database, desk, messages, warehouse, workers
from workspace.drill.faults.fault import Fault

FAULTS: list[Fault] = [
    *workers.FAULTS,
    *messages.FAULTS,
    *database.FAULTS,
    *warehouse.FAULTS,
    *desk.FAULTS,
]
