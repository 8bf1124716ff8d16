"""Logistic regression by gradient descent, on two clouds of points: one epoch per line, one checkpoint per epoch."""
import json, math, os, random

run = json.load(open(os.environ["TRAWL_SETTINGS"]))

# The data: the same for every trial, whatever its seed.
points = random.Random(1)
data = [([points.gauss(2 * y, 1.5), points.gauss(y, 1.5), 1.0], y) for y in (0, 1) for _ in range(200)]
points.shuffle(data)
train, val = data[:300], data[300:]

weights = [0.0, 0.0, 0.0]
if run["load"]:
    weights = json.load(open(os.path.join(run["load"], "weights.json")))


def probability(x):
    return 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, x))))


for step in run["epochs"]:
    epoch, settings = step["epoch"], step["settings"]
    shuffler = random.Random(run["seed"] * 1_000_003 + epoch)
    for x, y in shuffler.sample(train, len(train)):
        error = probability(x) - y
        weights = [w - settings["lr"] * (error * v + settings["l2"] * w) for w, v in zip(weights, x)]
    loss = -sum(math.log(max(1e-12, p if y else 1 - p)) for p, y in ((probability(x), y) for x, y in val)) / len(val)
    accuracy = sum((probability(x) > 0.5) == bool(y) for x, y in val) / len(val)
    folder = os.path.join(run["save"], str(epoch))
    os.makedirs(folder)
    json.dump(weights, open(os.path.join(folder, "weights.json"), "w"))
    print(json.dumps({"epoch": epoch, "metrics": {"val.loss": loss, "val.accuracy": accuracy}}), flush=True)
    if os.path.exists(run["stop"]):
        break
