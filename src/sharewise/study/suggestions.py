"""The nearest valid name: what users of other tools write, then what a slip of the finger makes of it."""

from __future__ import annotations

from collections.abc import Iterable

from sharewise.errors import nearest

# What keys and names are called elsewhere: in transformers' TrainingArguments, scikit-learn and the like.
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "accuracy": ("acc", "accuracy_score"),
    "arms": ("arm", "conditions", "experiments", "methods", "variants", "models"),
    "auroc": ("auc", "roc_auc", "rocauc"),
    "average_precision": ("ap", "pr_auc", "auprc"),
    "balanced_accuracy": ("bacc", "uar"),
    "batch_rows": ("batch_size", "bs", "per_device_train_batch_size", "train_batch_size", "batch"),
    "batch_tokens": ("max_tokens", "tokens_per_batch"),
    "bf16": ("bfloat16", "fp16", "float16", "half", "16", "mixed", "amp"),
    "binary": ("bool", "boolean", "yesno", "binary_classification"),
    "cls": ("[cls]", "first", "cls_token"),
    "data": ("datasets", "dataset", "corpora", "corpus"),
    "dropout": ("hidden_dropout_prob", "classifier_dropout", "dropout_rate", "p"),
    "encoder": ("model", "backbone", "pretrained", "base_model", "model_name_or_path", "checkpoint"),
    "encoding": ("charset", "codec"),
    "epoch": ("epochs", "each_epoch"),
    "epochs": ("num_epochs", "num_train_epochs", "n_epochs", "max_epochs"),
    "evaluate_every": ("eval_steps", "eval_every", "evaluation_strategy", "eval_strategy"),
    "exact_match": ("em", "subset_accuracy"),
    "f1": ("f1_score", "binary_f1"),
    "fp32": ("float32", "float", "full", "32"),
    "group": ("groups", "group_by", "groupby", "session", "cluster"),
    "hard": ("hps", "hard_sharing", "hard_parameter_sharing", "shared", "mtl", "multitask"),
    "heads": ("num_heads", "n_heads", "num_attention_heads"),
    "joint": ("all", "together", "early"),
    "kind": ("type", "task_type", "objective"),
    "label": ("target", "label_column", "y", "labels_column", "target_column"),
    "labels": ("classes", "label_names", "names", "class_names", "label_set"),
    "layers": ("num_layers", "n_layers", "num_hidden_layers", "depth"),
    "learning_rate": ("lr", "max_lr", "peak_lr"),
    "loss": ("eval_loss", "val_loss", "validation_loss"),
    "macro_f1": ("f1_macro", "f1macro"),
    "macro_precision": ("precision_macro",),
    "macro_recall": ("recall_macro",),
    "mae": ("mean_absolute_error", "l1"),
    "margin": ("delta", "tolerance"),
    "max_gradient_norm": ("max_grad_norm", "gradient_clip", "clip", "grad_clip", "gradient_clipping"),
    "max_length": ("max_len", "max_seq_length", "max_seq_len", "sequence_length", "truncation", "seq_len"),
    "mcc": ("matthews", "matthews_corrcoef", "phi"),
    "mean": ("avg", "average", "macro"),
    "metric": ("metrics", "score", "main_metric"),
    "micro_f1": ("f1_micro", "f1micro"),
    "micro_precision": ("precision_micro",),
    "micro_recall": ("recall_micro",),
    "multiclass": ("classification", "single_label", "categorical", "class", "softmax"),
    "never": ("none", "no", "off", "false"),
    "patience": ("early_stopping", "early_stopping_patience"),
    "pearson": ("pearsonr", "r", "correlation"),
    "pooling": ("pooler", "pool"),
    "positive": ("pos_label", "positive_label", "positive_class"),
    "precision": ("fp16", "bf16", "dtype", "mixed_precision", "amp"),
    "proportional": ("natural", "size"),
    "regression": ("continuous", "numeric", "number", "float", "score", "similarity"),
    "revision": ("branch", "commit", "model_revision"),
    "sampling": ("sampler", "task_sampling"),
    "seeds": ("seed", "random_seed", "random_state", "n_seeds"),
    "select": ("metric_for_best_model", "monitor", "selection"),
    "selected": ("best",),
    "sharing": ("method", "architecture", "strategy"),
    "spearman": ("spearmanr", "rho"),
    "stop": ("stopping", "early_stop"),
    "tasks": ("task", "targets", "heads"),
    "test": ("test_file", "heldout", "holdout"),
    "text": ("texts", "sentence", "input", "text_column", "inputs", "column", "text_columns"),
    "train": ("train_file", "training_file", "train_path", "file", "path"),
    "training": ("train", "trainer", "training_args", "optimization", "hyperparameters", "optimizer"),
    "trust_remote_code": ("remote_code",),
    "validation": ("valid", "val", "dev", "eval", "validation_file", "eval_file", "development"),
    "vocabulary": ("vocab", "vocab_size", "vocabulary_size"),
    "warmup": ("warmup_ratio", "warmup_steps", "warm_up"),
    "weight": ("loss_weight", "weights", "task_weight"),
    "weight_decay": ("decay", "wd", "l2"),
    "width": ("hidden_size", "dim", "d_model", "hidden"),
    "worst": ("min", "minimum"),
}
_STRIPPED = "\"'`“”‘’「」『』"


def suggest(name: object, valid: Iterable[object]) -> str | None:
    """Return the valid name that a wrong one most likely stands for, or None."""
    names = [str(v) for v in valid]
    plain = _plain(str(name))
    for candidate in names:
        if plain == _plain(candidate):
            return candidate
    for candidate in names:
        if plain in _ELSEWHERE.get(candidate, ()):
            return candidate
    return nearest(plain, names)


def _plain(name: str) -> str:
    return name.strip().strip(_STRIPPED).casefold().replace("-", "_").replace(" ", "_")
