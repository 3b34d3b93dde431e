"""Small seeded classifiers of pairs, saved as real folders by the real classes of transformers."""

from pathlib import Path
from typing import Any

from encoders.text_models import config_of, tokenizer
from evidense.values import EvidencePair

NLI = ("entailment", "neutral", "contradiction")
PAIRS = [
    EvidencePair("w1 w2 w3 w4", "w2 w9"),
    EvidencePair(" ".join(f"w{i % 60}" for i in range(200)), "w5 w6 w7 unheard"),
    EvidencePair("w10", "w11 w12"),
    EvidencePair("w13 w14 w15 w16 w17 w18 w19 w20 w21", "w1"),
    EvidencePair("w1 w2 w3 w4", "w2 w9"),
]


def pair_tokenizer() -> Any:
    """Make the word tokeniser of `encoders.text_models`, with a second segment."""
    from tokenizers import processors

    made = tokenizer()
    made.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def save_classifier(folder: Path, labels: tuple[str, ...] = NLI, *, seed: int = 0, kind: str = "bert") -> Any:
    """Save a seeded classifier with these labels and return it, in evaluation mode."""
    import torch
    import transformers

    torch.manual_seed(seed)
    config = config_of(kind)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: i for i, label in enumerate(labels)}
    model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():  # larger than the usual 0.02, so that tokens differ by more than rounding
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
    model.save_pretrained(folder)
    pair_tokenizer().save_pretrained(folder)
    return model
