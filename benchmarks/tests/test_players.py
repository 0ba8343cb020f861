"""A contestant that ends too early is told of by its last words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.environments import Unable, last_line
from benchmarks.players import Player
from benchmarks.roster import OURS, PEERS, QUICK

WORKS = "from benchmarks.contestants.phases import serve_phases\nserve_phases(lambda phase: print('noise'))"
FAILS = "import sys; input(); sys.exit('no such option')"


def a_player(code: str, said: Path) -> Player:
    return Player([sys.executable, "-c", code], os.environ, said)


def test_what_a_tool_prints_is_no_answer(tmp_path: Path) -> None:
    player = a_player(WORKS, tmp_path / "said.txt")
    player.play({})
    player.play({})
    player.end()
    assert (tmp_path / "said.txt").read_text() == "noise\nnoise\n"


def test_one_that_fails_is_unable_and_says_why(tmp_path: Path) -> None:
    player = a_player(FAILS, tmp_path / "said.txt")
    with pytest.raises(Unable, match="failed: no such option"):
        player.play({})
    player.end()


def test_the_last_line_is_found_whatever_follows_it() -> None:
    assert last_line("first\nlast\n\n") == "last"
    assert last_line("") == "it said nothing"


def test_names_are_told_apart_and_the_quick_run_has_all_of_ours() -> None:
    names = [one.name for one in (*OURS, *PEERS)]
    assert len(names) == len(set(names))
    assert QUICK[: len(OURS)] == OURS
