"""Small models with random weights, of the real ones' make, saved as folders: what real model code is tested with.

Only where requirements/models is installed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

SENTENCES = [
    "Le gérant est nommé par les associés dans les statuts ou par un acte postérieur.",
    "Le capital social de la société à responsabilité limitée est divisé en parts sociales égales.",
    "Les comptes de la classe 4 enregistrent les opérations avec les tiers.",
    "L'entreprise établit chaque année un bilan, un compte de résultat et des notes annexes.",
    "La taxe sur la valeur ajoutée est exigible lors de la livraison des biens.",
]
POSITIONS = 130  # two of them are never used: 128 tokens


def make_bge(folder: Path, *, hidden_size: int = 1024, seed: int = 1) -> Path:
    """Save a random model of BGE-M3's make."""
    import torch
    from transformers import XLMRobertaModel

    _tokenizer(folder)
    torch.manual_seed(seed)
    XLMRobertaModel(_config(hidden_size)).save_pretrained(folder)
    torch.save(torch.nn.Linear(hidden_size, hidden_size).state_dict(), folder / "colbert_linear.pt")
    torch.save(torch.nn.Linear(hidden_size, 1).state_dict(), folder / "sparse_linear.pt")
    return folder


def make_cross_encoder(folder: Path, *, n_labels: int = 1, seed: int = 1) -> Path:
    """Save a random cross-encoder."""
    import torch
    from transformers import XLMRobertaForSequenceClassification

    _tokenizer(folder)
    torch.manual_seed(seed)
    config = _config(64)
    config.num_labels = n_labels
    # random weights of the usual size give every pair the same score
    config.initializer_range = 0.5
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


def _config(hidden_size: int) -> Any:
    from transformers import XLMRobertaConfig

    return XLMRobertaConfig(
        vocab_size=400,
        hidden_size=hidden_size,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )


def _tokenizer(folder: Path) -> None:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(
        SENTENCES,
        trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, cls_token="<s>", sep_token="</s>", mask_token="<mask>", model_max_length=512, **names
    )
    fast.save_pretrained(folder)
