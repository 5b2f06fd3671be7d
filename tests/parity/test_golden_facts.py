"""Facts of golden.json that the genuine records can show, asked of the store."""

import json
import re

import pytest

import nb201store as nb

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def golden(data_dir):
    """The facts."""
    return json.loads((data_dir / "golden.json").read_text())


@pytest.fixture(scope="module")
def bench(genuine, converted):
    """The store of the published tss records, losses exact."""
    with nb.open(converted(genuine["tss"], "float64")[1]) as store:
        yield store


@pytest.fixture(scope="module")
def size_bench(genuine, converted):
    """The store of the published sss records."""
    with nb.open(converted(genuine["sss"])[1]) as store:
        yield store


def test_records(golden, bench):
    count = 0
    for index, of_index in golden["records"].items():
        code = nb.tss.from_official_index(int(index))
        for hp, of_hp in of_index.items():
            for dataset, of_dataset in of_hp.items():
                assert bench.seeds(code, dataset, int(hp)) == tuple(map(int, of_dataset))
                for seed, fact in of_dataset.items():
                    where = {"schedule": int(hp), "seed": int(seed)}
                    assert bench.accuracy(code, dataset, "train", **where) == fact["train_acc"]
                    loss = bench.value(code, dataset, "train", "loss", **where)
                    assert loss == fact["train_loss"]
                    for split, accuracy in fact["acc"].items():
                        assert bench.accuracy(code, dataset, split, **where) == accuracy
                    seconds = bench.curve(code, dataset, "train", "time", **where)
                    assert set(seconds.tolist()) == {fact["train_time_per_epoch"]}
                    for split, value in fact["eval_time"].items():
                        assert bench.value(code, dataset, split, "time", **where) == value
                    cost = bench.cost(code, dataset)
                    assert cost.latency_s == pytest.approx(fact["latency_s"], rel=1e-15)
                    count += 1
    assert count == 2 * (5 + 4 * 3)


def test_official_records_at_the_last_epoch_with_summed_times(golden, bench):
    count = 0
    for fact in golden["facts"]:
        if not fact["what"].startswith("official record index"):
            continue
        index = int(fact["what"].split()[3])
        value = fact["value"]
        code, dataset = nb.tss.from_official_index(index), value["ds"]
        where = {"schedule": int(value["hp"]), "seed": value["seed"]}
        if code not in map(nb.tss.from_official_index, (0, 11)):
            continue
        recorded = bench.recorded_cost(code, dataset, **where)
        assert recorded == (value["params"], value["flop"])
        splits = {"train": "train"} | {
            name.removeprefix("acc_"): name.removeprefix("acc_")
            for name in value
            if name.startswith("acc_")
        }
        for split in splits:
            of = {"accuracy": "train_acc", "loss": "train_loss", "time": "train_time"}
            if split != "train":
                of = {"accuracy": f"acc_{split}", "loss": f"loss_{split}", "time": f"time_{split}"}
            assert bench.accuracy(code, dataset, split, **where) == value[of["accuracy"]]
            assert bench.value(code, dataset, split, "loss", **where) == value[of["loss"]]
            seconds = bench.curve(code, dataset, split, "time", **where)
            assert seconds.sum() == pytest.approx(value[of["time"]], rel=1e-12)
        count += 1
    assert count == 34


def test_layout_of_the_records(golden, bench):
    fact = next(f["value"] for f in golden["facts"] if f["what"] == "official record layout")
    for index in (0, 11):
        code = nb.tss.from_official_index(index)
        for schedule in (12, 200):
            for dataset, seeds in fact[f"hp{schedule} seeds"].items():
                assert bench.seeds(code, dataset, schedule) == tuple(seeds)
    for dataset, every in (
        ("cifar10-valid", {"train", "x-valid"}),
        ("cifar10", {"train", "ori-test"}),
        ("cifar100", {"train", "ori-test"}),
        ("ImageNet16-120", {"train", "ori-test"}),
    ):
        splits = {
            s["name"]
            for d in bench.describe()["datasets"]
            if d["name"] == dataset
            for s in d["splits"]
        }
        for split in splits:
            assert bench.epochs(dataset, split, schedule=12) == tuple(range(12))
            expected = tuple(range(200)) if split in every else (199,)
            assert bench.epochs(dataset, split, schedule=200) == expected
    metrics = {(c["schedule"], c["metric"]) for c in bench.describe()["columns"]}
    assert (12, "top5") in metrics
    assert (200, "top5") not in metrics


@pytest.mark.parametrize("seed", [777, 888, 999])
def test_index_0_on_cifar100(golden, bench, seed):
    """Read from another file than the NATS records: its evaluation met the images in another order, so the double of
    the same hits differs in the eighth digit, as do losses.
    """
    what = f"index 0 cifar100 hp200 seed {seed}"
    fact = next(f["value"] for f in golden["facts"] if f["what"] == what)
    code = nb.tss.from_official_index(0)
    where = {"schedule": 200, "seed": seed}
    names = {"ori_test": "ori-test", "test": "x-test", "train": "train", "valid": "x-valid"}
    for name, split in names.items():
        accuracy = bench.accuracy(code, "cifar100", split, **where)
        assert accuracy == pytest.approx(fact[f"{name}_acc"], abs=1e-6)
        loss = bench.value(code, "cifar100", split, "loss", **where)
        assert loss == pytest.approx(fact[f"{name}_loss"], abs=1e-5)
    assert bench.recorded_cost(code, "cifar100", **where) == (fact["parameters"], fact["flops"])
    assert bench.cost(code, "cifar100").latency_s == pytest.approx(fact["latency"], rel=1e-15)
    seconds = bench.curve(code, "cifar100", "train", "time", **where)
    assert seconds.sum() == pytest.approx(fact["training_time"], rel=1e-12)


def test_costs_of_the_listed_cells(golden, bench):
    for fact in golden["archs"]:
        code = nb.tss.from_official_index(fact["index"])
        assert code == nb.tss.code(fact["arch"])
        assert list(nb.tss.ops(code)) == fact["op_ids"]
        for dataset in ("cifar10", "cifar100", "ImageNet16-120"):
            cost = bench.cost(code, dataset)
            assert cost.params_m == fact["params_M"][dataset]
            assert cost.flops_m == pytest.approx(fact["flops_M"][dataset], abs=1e-9)
        assert bench.cost(code, "cifar10-valid")[:2] == bench.cost(code, "cifar10")[:2]
    assert len(golden["archs"]) == 25


def test_costs_of_the_listed_size_cells(golden, size_bench):
    for fact in golden["sss"]:
        code = nb.sss.code(fact["name"])
        assert nb.sss.official_index(code) == fact["index"]
        for dataset, (params, flops) in fact["params_flops"].items():
            cost = size_bench.cost(code, dataset)
            assert cost.params_m == params
            assert cost.flops_m == pytest.approx(flops, abs=1e-9)
    assert len(golden["sss"]) == 5


def test_the_published_mean_of_index_0_and_11(golden, bench):
    """`cifar10_test_acc_200ep_mean_of_trials` is printed with four decimals."""
    for index in (0, 11):
        fact = next(fact for fact in golden["archs"] if fact["index"] == index)
        code = nb.tss.from_official_index(index)
        mean = bench.accuracy(code, "cifar10", "ori-test", schedule=200, seed="mean")
        assert mean == pytest.approx(fact["cifar10_test_acc_200ep_mean_of_trials"], abs=5.1e-5)
        seeds = [
            bench.accuracy(code, "cifar10", "ori-test", schedule=200, seed=seed)
            for seed in (777, 888, 999)
        ]
        assert mean == (seeds[0] + seeds[1] + seeds[2]) / 3


def test_what_api_show_prints_of_index_0(golden, bench):
    """Rounded as upstream prints it: means over the seeds."""
    text = next(f["value"] for f in golden["facts"] if f["what"].startswith("api.show(0)"))
    code = nb.tss.from_official_index(0)
    schedule, printed = None, []
    for line in text.splitlines():
        if epochs := re.search(r"> (\d+) epochs >", line):
            schedule = int(epochs[1])
        found = re.findall(r"(train|valid|test) *: \[loss = ([\d.]+), top1 = ([\d.]+)%\]", line)
        printed += [(schedule, line.split()[0], *part) for part in found]
        if costs := re.search(r"FLOP= *([\d.]+) M, Params=([\d.]+) MB, latency=([\d.]+)", line):
            cost = bench.cost(code, line.split()[0])
            shown = (f"{cost.flops_m:.2f}", f"{cost.params_m:.3f}", f"{cost.latency_s * 1000:.2f}")
            assert shown == costs.groups()
    for schedule, dataset, name, loss, top1 in printed:
        split = {"train": "train", "valid": "x-valid", "test": "x-test"}[name]
        if dataset == "cifar10" and name == "test":
            split = "ori-test"
        question = (code, dataset, split)
        where = {"schedule": schedule, "seed": "mean"}
        assert f"{bench.value(*question, 'loss', **where):.3f}" == loss
        assert f"{bench.accuracy(*question, **where):.2f}" == top1
    assert len(printed) == 2 * (2 + 2 + 3 + 3)
