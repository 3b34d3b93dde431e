"""GGUF: model files of this format, read without the programs that made them."""
