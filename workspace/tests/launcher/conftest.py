"""Real launchers with real servers: of each kind where the kind matters, of the first one found where not."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from workspace.launcher.errors import LaunchError
from workspace.launcher.installs import SWITCH, postgres_installs, valkey_installs
from workspace.tests.launcher.launching import Launched, Launching

KINDS = ("system", "wheels")
WAITING = ("sh", "-c", "sleep 600 & echo ready; wait")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one worker: several launchers at once would take the processor from each other."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("launcher"))


@cache
def missing(kind: str) -> str:
    """Why there are no servers of this kind, or nothing."""
    try:
        postgres_installs({SWITCH: kind})
        valkey_installs({SWITCH: kind})
    except LaunchError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of servers in turn; the system's only where the machine has them."""
    value: str = request.param
    if reason := missing(value):
        pytest.skip(reason)
    return value


@pytest.fixture(scope="session")
def any_kind() -> str:
    """The first kind that the machine has."""
    return next(kind for kind in KINDS if not missing(kind))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Launching]:
    """A launcher by kind, with data as its first start left them; tests share them and leave them usable."""

    @cache
    def make(kind: str) -> Launching:
        launching = Launching(tmp_path_factory.mktemp(f"made-{kind}"), {SWITCH: kind})
        assert launching.run("true").returncode == 0
        return launching

    return make


@pytest.fixture
def launching(any_kind: str, made: Callable[[str], Launching]) -> Launching:
    """A launcher to start on data that are there, which is quick."""
    return made(any_kind)


@pytest.fixture
def each_launching(kind: str, made: Callable[[str], Launching]) -> Launching:
    """The same, with servers of each kind."""
    return made(kind)


@pytest.fixture
def launched(launching: Launching) -> Iterator[Launched]:
    """A launcher whose command has a child and waits."""
    with launching.start(*WAITING).ended() as launched:
        yield launched


@pytest.fixture
def each_launched(each_launching: Launching) -> Iterator[Launched]:
    """The same, with servers of each kind."""
    with each_launching.start(*WAITING).ended() as launched:
        yield launched


@pytest.fixture
def damageable(tmp_path: Path, any_kind: str, launching: Launching) -> Launching:
    """A launcher to start on a copy of such data."""
    copy = Launching(tmp_path, {SWITCH: any_kind})
    shutil.copytree(launching.data, copy.data)
    return copy


@pytest.fixture
def fresh(tmp_path: Path) -> Launching:
    """A launcher to start on an empty directory, free to choose its servers."""
    return Launching(tmp_path, {})
