"""How to use an exported model without this package: the code in its model card."""

from __future__ import annotations

from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.export.graph import Graph
from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.network import VOCABULARY, NetworkClassifier
from nni_nlp_bench.models.tfidf import TERMS, TfidfClassifier
from nni_nlp_bench.models.word_pieces import TOKENIZER, WordPieces

WORDS = "words.py"
"""File with the function that splits texts into words."""
ABOUT = "export.json"

_READ = 'about = json.loads(Path("export.json").read_text("utf-8"))'
_TEXT = 'words = tokenize("A text to classify.")'
_WORDS = """\
rows = Path("vocabulary.txt").read_text("utf-8").split("\\n")[:-1]
ids = {word: i for i, word in enumerate(rows)}"""
_ENCODED = """\
tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(about["max_length"])
encoded = tokenizer.encode(list(words), is_pretokenized=True)"""
_NETWORK = """\
text = [ids.get(word, ids["<unk>"]) for word in words[: about["max_length"]]]
inputs = {"ids": np.array([text])}"""
_PIECES = """\
text = [ids.get(token, ids.get(about["unknown"])) for token in encoded.tokens]
inputs = {"ids": np.array([[i for i in text if i is not None]])}"""
_TRANSFORMER = """\
inputs = {"input_ids": [encoded.ids], "attention_mask": [encoded.attention_mask]}
inputs["token_type_ids"] = [encoded.type_ids]
inputs = {each["name"]: np.array(inputs[each["name"]]) for each in about["inputs"]}"""
_TFIDF = """\
rows = Path("terms.txt").read_text("utf-8").split("\\n")[:-1]
terms = {term: i for i, term in enumerate(rows)}
counts = np.zeros((1, len(terms)), np.float32)
for n in range(1, about["ngrams"] + 1):
    for i in range(len(words) - n + 1):
        term = " ".join(words[i : i + n])
        if term in terms:
            counts[0, terms[term]] += 1
inputs = {"counts": counts}"""
_LABEL = 'print(about["labels"][int(np.argmax(run(inputs)[0]))])'
_CELL = """\
states = {i["name"]: np.zeros((1, i["shape"][1]), np.float32) for i in about["inputs"][1:]}
word = "<eos>"
for _ in range(10):
    found, *new = run({"token": np.array([ids[word]]), **states})
    states = dict(zip(states, new))
    word = rows[int(np.argmax(found))]
    print(word)"""
_DECODER = """\
text = [ids["<eos>"]]
for _ in range(10):
    (found,) = run({"ids": np.array([text[-about["max_length"] :]])})
    text.append(int(np.argmax(found)))
    print(rows[text[-1]])"""

_RUN = {
    "onnx": """\
session = onnxruntime.InferenceSession("model.onnx")


def run(inputs):
    return session.run(None, inputs)""",
    "torch-export": """\
module = torch.export.load("model.pt2").module()


def run(inputs):
    found = module(*map(torch.from_numpy, inputs.values()))
    found = found if isinstance(found, tuple) else (found,)
    return [values.detach().numpy() for values in found]""",
}


def usage(model: AnyModel, graph: Graph, format: str) -> str:
    """Return Python code that runs an exported model on a text, from within its folder."""
    library = "onnxruntime" if format == "onnx" else "torch"
    pieces = TOKENIZER in companions(model)
    imports = ["import json", "from pathlib import Path", "", "import numpy as np"]
    imports += [f"import {library}"]
    imports += ["from tokenizers import Tokenizer"] if pieces else []
    parts = [_READ, _RUN[format] + "\n\n"]
    if isinstance(model, TextClassifier):
        imports += ["", "from words import tokenize"]
        parts += [_TEXT, _ENCODED] if pieces else [_TEXT]
        if isinstance(model, NetworkClassifier):
            parts += [_WORDS, _PIECES if pieces else _NETWORK]
        else:
            parts += [_TFIDF if isinstance(model, TfidfClassifier) else _TRANSFORMER]
        parts += [_LABEL]
    else:
        parts += [_WORDS, _CELL if "token" in graph.inputs else _DECODER]
    return "\n".join([*imports, "", *parts])


def companions(model: AnyModel) -> tuple[str, ...]:
    """Return the files of a model folder that turn texts into the network's inputs."""
    if isinstance(model, TfidfClassifier):
        return (TERMS,)
    if isinstance(model, NetworkClassifier):
        is_of_pieces = isinstance(model.vocabulary, WordPieces)
        return (VOCABULARY, TOKENIZER) if is_of_pieces else (VOCABULARY,)
    return (TOKENIZER,) if isinstance(model, TextClassifier) else (VOCABULARY,)
