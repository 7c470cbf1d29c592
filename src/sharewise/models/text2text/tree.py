"""The prefix tree of label texts, cut into as few passes of a decoder as there are places where labels part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


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
class PrefixTree:
    """Label texts as a tree in which a prefix that several share stands once.

    Attributes:
        passes: in the order in which they are fed.
        lengths: int64 ``(labels,)``: tokens of each label, its end included.
    """

    passes: tuple[DecoderPass, ...]
    lengths: torch.Tensor

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

    Every prefix of a label is fed to the decoder once, but for the whole label, after which nothing is asked. A branch
    runs on to where labels part anywhere in the tree, so that all branches that go on are of one length.

    Args:
        labels: tokens of each label, its end last; no two alike.
        start: the token that the decoder begins with.
    """
    prefixes = sorted({tuple(label[:size]) for label in labels for size in range(len(label))})
    children: dict[tuple[int, ...], list[tuple[int, ...]]] = {prefix: [] for prefix in prefixes}
    for prefix in prefixes:
        if prefix:
            children[prefix[:-1]].append(prefix)
    deepest = max(map(len, prefixes)) + 1
    cuts = sorted({0, *(len(p) + 1 for p, longer in children.items() if len(longer) > 1)})
    passes = []
    place: dict[tuple[int, ...], tuple[int, int, int]] = {}
    for number, (begin, end) in enumerate(zip(cuts, [*cuts[1:], deepest], strict=True)):
        heads = [prefix for prefix in prefixes if len(prefix) == begin]
        runs: list[list[int]] = []
        for branch, head in enumerate(heads):
            run: list[int] = []
            at = head
            while True:
                place[at] = (number, branch, len(run))
                run.append(at[-1] if at else start)
                if len(at) + 1 >= end or not children[at]:
                    break
                (at,) = children[at]
            runs.append(run)
        length = max(map(len, runs))
        reads = [
            (index, *place[prefix][1:], label[size])
            for index, label in enumerate(labels)
            for size in range(len(label))
            if (prefix := tuple(label[:size])) in place and place[prefix][0] == number
        ]
        columns = torch.tensor(reads, dtype=torch.int64).T
        parents = [place[head[:-1]][1] if head else 0 for head in heads]
        padded = [run + [run[-1]] * (length - len(run)) for run in runs]
        passes.append(DecoderPass(torch.tensor(padded), torch.tensor(parents), *columns))
    return PrefixTree(tuple(passes), torch.tensor([len(label) for label in labels]))
