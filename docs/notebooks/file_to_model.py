# %% [markdown]
# # From a file of texts to a model
#
# `nb.automl` trains baselines, searches for an architecture and keeps the best model (extra
# `torch`; with `distillation` it fine-tunes a small pretrained encoder too). Here the file is made
# up, and the time is short.

# %%
import csv
import random
from pathlib import Path

import nni_nlp_bench as nb

chance = random.Random(0)
words = {"positive": ["fine", "great", "lovely"], "negative": ["dull", "poor", "awful"]}
fillers = ["the", "film", "was", "a", "story", "with", "music", "and", "scenes"]
with Path("reviews.csv").open("w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["text", "label"])
    for _ in range(400):
        label = chance.choice(["positive", "negative"])
        text = [*chance.sample(fillers, 5), chance.choice(words[label])]
        chance.shuffle(text)
        rows.writerow([" ".join(text), label])

# %% [markdown]
# The file is split into train, dev and test. Every stage has a share of the time.

# %%
result = nb.automl("reviews.csv", "runs/reviews", label="label", time_s=20, encoder=None)
print(result.leaderboard)
print("test accuracy:", result.test.accuracy)

# %% [markdown]
# The model is a folder that can be loaded anywhere:

# %%
model = nb.load_model("runs/reviews/model")
for prediction in model.predict(["a lovely story with music", "the scenes were awful"]):
    print(prediction.label)
