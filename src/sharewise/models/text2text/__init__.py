"""Text in, text out: an encoder-decoder that answers a task by writing its label.

Nothing is imported here: who only counts tokens doesn't wait for transformers.
"""
