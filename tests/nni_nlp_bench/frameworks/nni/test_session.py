"""Sessions that are interrupted at any event."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JournalError, JsonLines
from nni_nlp_bench.frameworks.nni.tuning.architecture_codec import ArchitectureCodec
from nni_nlp_bench.frameworks.nni.tuning.session import Session, key_of
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.registry import STRATEGIES, make_strategy
from search_spaces.constrained import ConstrainedSpace
from search_spaces.registry import get_space
from search_spaces.rnn_cell import published_recipe

SPACE = get_space("rnn_cell")
BOUND = {"nodes": {"_type": "randint", "_value": [3, 12]}}


def score_of(proposal: Proposal) -> float | None:
    """More linear nodes are better; cells of exactly seven nodes fail."""
    axes = SPACE.describe(proposal.architecture)
    return None if axes["nodes"] == 7 else float(axes["linear"])


def session(log: Path, strategy: str = "regularized_evolution", seed: int = 0) -> Session:
    trials = ArchitectureCodec(SPACE)
    space = ConstrainedSpace(SPACE, trials.allows_architecture)
    options = {"regularized_evolution": {"population": 5, "tournament": 3}}.get(strategy, {})
    strategy = make_strategy(strategy, space, seed, 50, **options)
    new = Session(strategy, trials, JsonLines(log))
    new.bound(BOUND)
    return new


def course(running: Session, trials: int, at_a_time: int = 3) -> list[str]:
    """Return the keys of the trials of a session; results arrive in order."""
    asked: list[str] = []
    waiting: list[Proposal] = []
    while len(asked) < trials or waiting:
        proposal = running.next() if len(asked) < trials else None
        if proposal is None or len(waiting) == at_a_time:
            finished = waiting.pop(0)
            running.tell(finished, score_of(finished))
        if proposal is not None:
            asked.append(proposal.architecture.canonical_key)
            waiting.append(proposal)
    return asked


@pytest.mark.parametrize("strategy", ["random", "regularized_evolution", "local_search"])
def test_cells_are_evaluated_once(strategy: str, tmp_path: Path) -> None:
    asked = course(session(tmp_path / "log", strategy), 60)
    assert len(asked) == len(set(asked)) == 60


def test_cells_are_within_the_bounds(tmp_path: Path) -> None:
    running = session(tmp_path / "log")
    for _ in range(40):
        proposal = running.next()
        assert proposal is not None
        assert 3 <= len(proposal.architecture.nodes) < 12
        running.tell(proposal, score_of(proposal))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Keys of an uninterrupted session, and the lines of its log."""
    log = tmp_path_factory.mktemp("session") / "log"
    return course(session(log), 30), log.read_text().splitlines(keepends=True)


@pytest.mark.parametrize(("cut", "torn"), [(0, False), (31, True), (57, False), (58, True)])
def test_interrupted_session_is_restored(
    cut: int, torn: bool, finished: tuple[list[str], list[str]], tmp_path_factory
) -> None:
    assert_goes_on(cut, torn, finished, tmp_path_factory)


@pytest.mark.slow
@given(cut=st.integers(0, 90), torn=st.booleans())
def test_session_is_restored_after_any_event(
    cut: int, torn: bool, finished: tuple[list[str], list[str]], tmp_path_factory
) -> None:
    assert_goes_on(cut, torn, finished, tmp_path_factory)


def assert_goes_on(
    cut: int,
    torn: bool,
    finished: tuple[list[str], list[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A session with a truncated log continues like the uninterrupted one."""
    expected, lines = finished
    kept = lines[:cut] + ([lines[cut][:17]] if torn and cut < len(lines) else [])
    log = tmp_path_factory.mktemp("session") / "log"
    log.write_text("".join(kept))
    running = session(log)
    for key in running.open:
        running.requeue(key)
    asked = {key for key, _ in running.open}
    events = [json.loads(line) for line in lines[:cut]]
    done = [event["key"][0] for event in events if event["event"] == "tell"]
    rest = course(running, 30 - len(done))
    assert not asked - set(rest)
    assert sorted([*done, *rest]) == sorted(set(done) | set(rest))
    if not asked:
        assert done + rest == expected


def test_requeued_proposal_comes_first_and_once(tmp_path: Path) -> None:
    running = session(tmp_path / "log")
    first = running.next()
    assert first is not None
    running.requeue(key_of(first))
    assert running.next() is first
    assert running.next() is not first


def test_scored_proposal_is_not_requeued(tmp_path: Path) -> None:
    running = session(tmp_path / "log")
    first = running.next()
    assert first is not None
    running.requeue(key_of(first))
    running.tell(first, 1.0)
    again = running.next()
    assert again is not None and key_of(again) != key_of(first)


class RecordingStrategy(Strategy):
    """Strategy that proposes the same cell repeatedly, and records scores."""

    def __init__(self) -> None:
        super().__init__(SPACE, np.random.default_rng(0), 50)
        self.scores: list[float | None] = []
        self.learned: list[float] = []
        self.count = 0

    def ask(self) -> Proposal | None:
        self.count += 1
        return Proposal(published_recipe(1000003 if self.count % 3 else 1000004))

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self.scores.append(score)

    def add_observation(self, architecture: object, score: float) -> None:
        self.learned.append(score)


@pytest.fixture
def recording_session(tmp_path: Path) -> tuple[RecordingStrategy, Session]:
    strategy = RecordingStrategy()
    return strategy, Session(strategy, ArchitectureCodec(SPACE), JsonLines(tmp_path / "log"))


def test_equal_proposals_share_a_trial(
    recording_session: tuple[RecordingStrategy, Session],
) -> None:
    strategy, running = recording_session
    first, second = running.next(), running.next()  # asked three times: the second was the first
    assert first is not None and second is not None and strategy.count == 3
    running.tell(first, 2.0)
    assert strategy.scores == [2.0, 2.0]
    assert running.next() is None, "only a cell with a known score is proposed"
    assert set(strategy.scores) == {2.0}


def test_interruption_before_a_known_score_is_reported(
    recording_session: tuple[RecordingStrategy, Session], tmp_path: Path
) -> None:
    """The last line of the log is a proposal with a known score."""
    _, running = recording_session
    first = running.next()
    assert first is not None
    running.tell(first, 2.0)
    running.next()
    lines = (tmp_path / "log").read_text().splitlines(keepends=True)
    assert [json.loads(line)["event"] for line in lines] == ["ask", "tell", "ask", "tell", "ask"]
    (tmp_path / "log").write_text("".join(lines[:3]))
    strategy = RecordingStrategy()
    resumed = Session(strategy, ArchitectureCodec(SPACE), JsonLines(tmp_path / "log"))
    assert strategy.scores == [2.0, 2.0]
    assert resumed.open == set()


def test_late_result_is_added_as_observation(
    recording_session: tuple[RecordingStrategy, Session],
) -> None:
    strategy, running = recording_session
    proposal = running.next()
    assert proposal is not None
    running.mark_failed(key_of(proposal))
    running.tell(proposal, 3.0)
    running.tell(proposal, 4.0)
    assert (strategy.scores, strategy.learned) == ([None], [3.0])


def test_partial_training_is_a_separate_trial(
    recording_session: tuple[RecordingStrategy, Session],
) -> None:
    """Only scores of full trainings are added as observations."""
    strategy, running = recording_session
    running.tell(Proposal(published_recipe(1000003), epochs=5), 1.0)
    assert strategy.learned == []
    running.tell(Proposal(published_recipe(1000003), epochs=50), 2.0)
    assert strategy.learned == [2.0]
    assert running.next() is not None


def test_error_for_log_of_another_configuration(tmp_path: Path) -> None:
    log = tmp_path / "log"
    course(session(log), 5)
    with pytest.raises(JournalError, match=r"line 2: the strategy makes a different proposal"):
        session(log, seed=1)


@pytest.mark.parametrize(
    "line", ['{"event": "tell"}', '{"event": "ask", "parameters": {}}', '{"event": "ask"}', "[]"]
)
def test_error_for_damaged_log(line: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(line + "\n")
    with pytest.raises(JournalError, match="line 1"):
        session(log)


SEVERAL = {"nsga2", "parego", "ehvi"}
"""Strategies for several objectives, which NNI's single result per trial cannot serve."""
OWN = {strategy for strategy in STRATEGIES if ":" not in strategy} - {"smac"}
"""Strategies that are not of another framework."""
LEARNING = OWN - {"grid", "hyperband", "policy_rl"} - SEVERAL
SLOW = {"bayesian", "guided", "mf_kd", "mfes_hb", "tpe"}
WITHOUT_MODEL = {"reinforce", "random", "successive_halving", "asha", "predictive_termination"}
"""Strategies whose new architectures are random, whatever they observe."""


@pytest.mark.parametrize(
    "strategy",
    [pytest.param(s, marks=pytest.mark.slow) if s in SLOW else s for s in sorted(LEARNING)],
)
def test_strategies_use_observations(strategy: str, tmp_path: Path) -> None:
    """Observed cells are not proposed again, and observations change later proposals."""
    known = [SPACE.sample(np.random.default_rng(i)) for i in range(25)]
    fresh, informed = session(tmp_path / "a", strategy), session(tmp_path / "b", strategy)
    for cell in known:
        informed.tell(Proposal(cell), float(len(cell.nodes)))
    trials = 10 if strategy in SLOW else 25
    asked = course(informed, trials)
    assert not set(asked) & {cell.canonical_key for cell in known}
    if strategy not in WITHOUT_MODEL:
        assert asked != course(fresh, trials)


@pytest.mark.parametrize("strategy", sorted(SEVERAL))
def test_strategies_of_several_objectives_are_refused(strategy: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="optimises several objectives"):
        session(tmp_path, strategy)
