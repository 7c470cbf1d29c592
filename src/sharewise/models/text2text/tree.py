"""The prefix tree of label texts, cut into as few passes of a decoder as there are places where labels part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

# Tokens that may be fed twice to spare a pass; one costs about as much as a pass does beside its tokens.
_SPARED = 1


@dataclass(frozen=True)
class DecoderPass:
    """Tokens that are fed together: one run of them for each branch of the tree, all beginning at one depth.

    Attributes:
        tokens: int64 ``(branches, length)``, padded on the right.
        parents: int64 ``(branches,)``: the branch of the pass before that each continues.
        labels: int64 ``(reads,)``: the label that a log-probability belongs to.
        branches: int64 ``(reads,)``: the branch that it is read in.
        steps: int64 ``(reads,)``: after which of the branch's tokens.
        following: int64 ``(reads,)``: the token whose log-probability it is.
    """

    tokens: torch.Tensor
    parents: torch.Tensor
    labels: torch.Tensor
    branches: torch.Tensor
    steps: torch.Tensor
    following: torch.Tensor


@dataclass(frozen=True)
class Nodes:
    """The whole tree at once, for a decoder that can be told which nodes read which.

    Attributes:
        tokens: int64 ``(nodes,)``: what is fed.
        depths: int64 ``(nodes,)``: tokens before it.
        visible: bool ``(nodes, nodes)``: whether one reads the other, itself or a beginning of its own.
        labels: int64 ``(reads,)``: the label that a log-probability belongs to.
        places: int64 ``(reads,)``: the node after which it is read.
        following: int64 ``(reads,)``: the token whose log-probability it is.
    """

    tokens: torch.Tensor
    depths: torch.Tensor
    visible: torch.Tensor
    labels: torch.Tensor
    places: torch.Tensor
    following: torch.Tensor


@dataclass(frozen=True)
class PrefixTree:
    """Label texts as a tree in which a prefix that several share stands once.

    Attributes:
        passes: in the order in which they are fed.
        lengths: int64 ``(labels,)``: tokens of each label, its end included.
        whole: all nodes in one go.
    """

    passes: tuple[DecoderPass, ...]
    lengths: torch.Tensor
    whole: Nodes

    @property
    def nodes(self) -> int:
        """Logits that scoring one text computes, pads included."""
        return max(p.tokens.numel() for p in self.passes)

    @property
    def branches(self) -> int:
        """Branches of the widest pass."""
        return max(len(p.tokens) for p in self.passes)


def prefix_tree(labels: Sequence[Sequence[int]], start: int) -> PrefixTree:
    """Build the tree of some labels' tokens.

    Every prefix of a label is fed to the decoder once, but for the whole label, after which nothing is asked, and but
    for a few tokens that spare a pass. A branch runs on to where labels part anywhere in the tree, so that all branches
    that go on are of one length.

    Args:
        labels: tokens of each label, its end last; no two alike.
        start: the token that the decoder begins with.
    """
    prefixes = sorted({tuple(label[:size]) for label in labels for size in range(len(label))})
    children: dict[tuple[int, ...], list[tuple[int, ...]]] = {prefix: [] for prefix in prefixes}
    for prefix in prefixes:
        if prefix:
            children[prefix[:-1]].append(prefix)

    def runs(begin: int, end: int) -> list[tuple[int, ...]]:
        """Return the longest prefixes of these sizes: a branch each."""
        return [p for p in prefixes if begin <= len(p) < end and not (children[p] and len(p) + 1 < end)]

    def cost(begin: int, end: int) -> int:
        """Count the tokens of a pass."""
        found = runs(begin, end)
        return len(found) * (max(map(len, found)) + 1 - begin)

    deepest = max(map(len, prefixes)) + 1
    partings = sorted({len(p) + 1 for p, longer in children.items() if len(longer) > 1})
    cuts = [0]
    for cut, following in pairwise([*partings, deepest]):
        if cost(cuts[-1], following) - cost(cuts[-1], cut) - cost(cut, following) > _SPARED:
            cuts.append(cut)
    passes = []
    place: dict[tuple[int, ...], tuple[int, int, int]] = {}
    for number, (begin, end) in enumerate(zip(cuts, [*cuts[1:], deepest], strict=True)):
        branches = runs(begin, end)
        # A pass goes on from branches that end where it begins, each a run of its own.
        parents = [place[branch[: begin - 1]][1] if begin else 0 for branch in branches]
        for index, branch in enumerate(branches):
            for size in range(begin, len(branch) + 1):
                place.setdefault(branch[:size], (number, index, size - begin))
        fed = [[start, *branch][begin:] for branch in branches]
        length = max(map(len, fed))
        reads = [
            (index, *place[prefix][1:], label[size])
            for index, label in enumerate(labels)
            for size in range(len(label))
            if (prefix := tuple(label[:size])) in place and place[prefix][0] == number
        ]
        columns = torch.tensor(reads, dtype=torch.int64).T
        padded = [run + [run[-1]] * (length - len(run)) for run in fed]
        passes.append(DecoderPass(torch.tensor(padded), torch.tensor(parents), *columns))
    lengths = torch.tensor([len(label) for label in labels])
    return PrefixTree(tuple(passes), lengths, _nodes(labels, prefixes, start))


def _nodes(labels: Sequence[Sequence[int]], prefixes: Sequence[tuple[int, ...]], start: int) -> Nodes:
    place = {prefix: number for number, prefix in enumerate(prefixes)}
    visible = torch.zeros(len(prefixes), len(prefixes), dtype=torch.bool)
    for number, prefix in enumerate(prefixes):
        visible[number, [place[prefix[:size]] for size in range(len(prefix) + 1)]] = True
    reads = [
        (index, place[tuple(label[:size])], label[size])
        for index, label in enumerate(labels)
        for size in range(len(label))
    ]
    return Nodes(
        torch.tensor([prefix[-1] if prefix else start for prefix in prefixes]),
        torch.tensor([len(prefix) for prefix in prefixes]),
        visible,
        *torch.tensor(reads, dtype=torch.int64).T,
    )
