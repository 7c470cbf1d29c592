"""Text in, text out: an encoder-decoder that answers a task by writing its label."""

from sharewise.models.text2text.build import build_text2text, wrap_text2text
from sharewise.models.text2text.model import Text2Text
from sharewise.models.text2text.words import TaskWords, tasks_in_words, text_sizes

__all__ = ["TaskWords", "Text2Text", "build_text2text", "tasks_in_words", "text_sizes", "wrap_text2text"]
