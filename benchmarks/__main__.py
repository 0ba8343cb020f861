"""`python -m benchmarks`, run by `make bench` in the launcher: contestants in turn, medians, one table, one JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import roster
from benchmarks.contest import compete
from benchmarks.environments import Unable
from benchmarks.players import serving
from benchmarks.report import as_table
from benchmarks.roster import Contestant
from benchmarks.truth import Wrong

FIGURES = ("wall", "cpu", "postgres", "memory", "wal", "requests")


def main() -> int:
    """Measure, print, write; 1 when a contestant's table was wrong, or one of our own failed."""
    options = _options()
    chosen: tuple[Contestant, ...] = roster.QUICK if options.quick else (*roster.OURS, *roster.PEERS)
    chosen = tuple(one for one in chosen if any(part.lower() in one.name.lower() for part in options.only))
    report: dict[str, Any] = {**_circumstances(), "results": []}
    for cases in options.sizes:
        finished = report["results"]
        for result in _interleaved(chosen, cases, options.runs):
            report["results"] = [*finished, result]
            _write(report, options.out)
    print(as_table(report))
    wrong = [trouble for result in report["results"] for trouble in result["wrong"]]
    print(*wrong, sep="\n", file=sys.stderr)
    return 1 if wrong else 0


def _interleaved(chosen: Sequence[Contestant], cases: int, runs: int) -> Iterator[dict[str, Any]]:
    """All contestants in turn, so many times: the result so far after each, should somebody stop it.

    One that cannot go on is told of once and left out from then on.
    """
    samples: list[dict[str, Any]] = []
    unable = {one.name: f"not run: {one.why}" for one in chosen if cases > one.largest}
    wrong: list[str] = []
    for number, contestant in product(range(runs), chosen):
        if contestant.name not in unable:
            print(f"{cases:,} cases, run {number + 1}: {contestant.name}", file=sys.stderr, flush=True)
            _one_run(contestant, cases, samples, unable, wrong)
        failed = [f"{one.name}, {unable[one.name]}" for one in chosen if one.ours and one.name in unable]
        costs = medians(samples)
        yield {"cases": cases, "runs": runs, "costs": costs, "unable": unable, "wrong": wrong + failed}


def _one_run(
    contestant: Contestant,
    cases: int,
    samples: list[dict[str, Any]],
    unable: dict[str, str],
    wrong: list[str],
) -> None:
    try:
        with serving(cases) as site:
            samples.extend(compete(contestant, site))
    except Wrong as error:
        wrong.append(f"{contestant.name}, {error}")
    except Unable as error:
        unable[contestant.name] = str(error)


def medians(samples: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The median of each figure over the runs, in the order of the samples."""
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for sample in samples:
        grouped.setdefault((sample["contestant"], sample["phase"], sample["part"]), []).append(sample)
    return [
        {"contestant": who, "phase": phase, "part": part}
        | {"runs": len(runs)}
        | {figure: round(median(run[figure] for run in runs), 3) for figure in FIGURES}
        for (who, phase, part), runs in grouped.items()
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 cases; L, H, Tributary and dlt")
    parser.add_argument("--sizes", type=int, nargs="+", default=None, help="numbers of cases")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", default=[""], help="contestants whose name has one of these in it"
    )
    parser.add_argument("--out", type=Path, default=Path("var") / "bench")
    options = parser.parse_args()
    options.sizes = options.sizes or ([10_000] if options.quick else [10_000, 100_000, 1_000_000])
    return options


def _circumstances() -> dict[str, Any]:
    processor = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{len(processor)} x {processor[0].partition(': ')[2]}"
        if processor
        else platform.machine(),
        "python": platform.python_version(),
        "command": f"make bench ARGS={' '.join(sys.argv[1:])!r}",
    }


def _write(report: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(report, indent=1))
    (folder / "bench.md").write_text(as_table(report))


if __name__ == "__main__":
    sys.exit(main())
