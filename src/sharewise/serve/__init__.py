"""The model in use: scoring in Python, of files, over HTTP, and as ONNX."""

from sharewise.serve.answers import Answer
from sharewise.serve.predict import Predicted, predict_file
from sharewise.serve.scorer import Scorer

__all__ = ["Answer", "Predicted", "Scorer", "predict_file"]
