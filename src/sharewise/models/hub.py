"""The saved model as one of transformers' own: ``from_pretrained``, ``save_pretrained`` and ``push_to_hub``.

Importing this module registers it, so that ``AutoModel.from_pretrained`` knows a saved model's folder or hub id.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, final

import torch
from huggingface_hub import HfApi, snapshot_download
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput

from sharewise.data.tokens import TokenBatch
from sharewise.errors import UserError
from sharewise.models.saved import LoadedModel, copy_model, load_models, save_models

_SOURCE = ("revision", "cache_dir", "token", "local_files_only", "force_download")


@final
class SharewiseConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """What config.json of a saved model holds; all else is in sharewise.json."""

    model_type: ClassVar[str] = "sharewise"


@dataclass
class SharewiseOutput(ModelOutput):
    """The heads' outputs: ``logits[task]`` is float32 of shape ``(batch, task.outputs)``."""

    logits: dict[str, torch.Tensor] | None = None


@final
class SharewiseModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A saved model, or several that answer together, as transformers has models.

    Attributes:
        models: with tokenizer, tasks and manifest, in the order of the tasks.
        parts: their modules.
    """

    config_class = SharewiseConfig
    base_model_prefix = "sharewise"

    def __init__(self, config: SharewiseConfig, models: Sequence[LoadedModel]) -> None:
        super().__init__(config)
        self.models = tuple(models)
        self.parts = nn.ModuleList(model.sharing for model in models)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        config: PreTrainedConfig | None = None,
        dtype: torch.dtype | None = None,
        trust_remote_code: bool = False,
        **source: Any,
    ) -> Self:
        """Load a folder or a hub id; every file is compared with its digest.

        Args:
            pretrained_model_name_or_path: the folder, or ``owner/name``.
            config: of no effect; what the folder says counts.
            dtype: of the parameters; float32, as they were saved, if left out.
            trust_remote_code: run code that came with the encoder.
            source: for a hub id: revision, cache_dir, token, local_files_only, force_download.

        Raises:
            UserError: where the folder is no model, or a file of it is missing or was changed.
        """
        name = str(pretrained_model_name_or_path)
        folder = Path(name)
        if not folder.is_dir():
            folder = Path(snapshot_download(name, **{k: v for k, v in source.items() if k in _SOURCE}))
        model = cls(SharewiseConfig(), load_models(folder, trust_remote_code=trust_remote_code))
        model.config.name_or_path = name
        for parameter in model.parameters() if dtype is not None else ():
            parameter.data = parameter.data.to(dtype)
        model.train(mode=False)
        return model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        **others: Any,
    ) -> SharewiseOutput:
        """Map token ids ``(batch, length)`` to every task's outputs.

        Args:
            input_ids: as the model's tokenizer gives them.
            attention_mask: nonzero where there is no pad; all ones if left out.
            token_type_ids: which text of a pair a token belongs to.
            others: what pipelines and the like pass along; of no effect.
        """
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        tokens = TokenBatch(input_ids, mask.bool(), token_type_ids)
        logits: dict[str, torch.Tensor] = {}
        for model, part in zip(self.models, self.parts, strict=True):
            outputs: Mapping[str, torch.Tensor] = part(tokens)
            logits.update((task, outputs[task]) for task in model.tasks)
        # Given to the constructor, a lone dictionary would be taken for the output's own keys.
        output = SharewiseOutput()
        output["logits"] = logits
        return output

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        **push: Any,
    ) -> None:
        """Write the whole artifact, weights as they are now, tokenizer and model card included.

        Args:
            save_directory: a new folder, or one that makes way.
            push_to_hub: upload it too.
            repo_id: where to; the folder's name if left out.
            push: what `push_to_hub` takes.
        """
        folder = Path(save_directory)
        with tempfile.TemporaryDirectory() as beside:
            parts = {}
            for model in self.models:
                name = next(iter(model.tasks))
                copy_model(model, Path(beside) / name)
                parts[name] = Path(beside) / name
            save_models(folder, parts)
        if push_to_hub:
            self._upload(folder, repo_id or folder.name, **push)

    def push_to_hub(self, repo_id: str, **push: Any) -> str:  # type: ignore[override]
        """Upload the artifact with its own model card; return the address of the commit.

        Args:
            repo_id: ``owner/name``, made if need be.
            push: private, token, revision, commit_message, commit_description, create_pr.
        """
        with tempfile.TemporaryDirectory() as temporary:
            self.save_pretrained(Path(temporary) / "model")
            return self._upload(Path(temporary) / "model", repo_id, **push)

    def _upload(
        self,
        folder: Path,
        repo_id: str,
        *,
        private: bool | None = None,
        token: str | bool | None = None,
        commit_message: str = "Upload a model of Sharewise",
        **commit: Any,
    ) -> str:
        unknown = set(commit) - {"revision", "commit_description", "create_pr"}
        if unknown:
            raise UserError(f"push_to_hub takes no {', '.join(sorted(unknown))}")
        api = HfApi(token=token)
        name = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        return str(
            api.upload_folder(repo_id=name, folder_path=folder, commit_message=commit_message, **commit)
        )


AutoConfig.register("sharewise", SharewiseConfig, exist_ok=True)
AutoModel.register(SharewiseConfig, SharewiseModel, exist_ok=True)
