"""The algorithms that NAS-Bench-201 and NATS-Bench published results of, and local search."""

from __future__ import annotations

from nb201store.search import bohb
from nb201store.search.algorithms import Algorithm, Parameter, kernel, register

KERNELS = "nb201store.kernels"

register(
    Algorithm(
        "random",
        kernel(f"{KERNELS}.random_search:random_search"),
        (),
        "NAS-Bench-201 (ICLR 2020), RS",
        symmetric=True,
    )
)

register(
    Algorithm(
        "rea",
        kernel(f"{KERNELS}.rea:rea", "population", "sample_size"),
        (
            Parameter("population", 10, "members; the oldest dies when a child joins", 1, 2**20),
            Parameter("sample_size", 3, "members drawn, with replacement, for a parent", 1, 2**20),
        ),
        "Real et al., AAAI 2019; NAS-Bench-201 (ICLR 2020), REA",
        symmetric=True,
    )
)

register(
    Algorithm(
        "reinforce",
        kernel(f"{KERNELS}.reinforce:reinforce", "learning_rate", "ema_momentum"),
        (
            Parameter("learning_rate", 0.01, "of Adam; NAS-Bench-201 names 0.5", 0, 1000),
            Parameter("ema_momentum", 0.9, "of the baseline, a running mean", 0, 0.999999),
        ),
        "Williams, 1992, with Adam; NAS-Bench-201 (ICLR 2020), REINFORCE",
        symmetric=True,
    )
)

register(
    Algorithm(
        "local-search",
        kernel(f"{KERNELS}.local_search:local_search"),
        (),
        "White et al., Local Search is State of the Art for Neural Architecture Search Benchmarks (2020)",
        symmetric=False,  # neighbours are met in order of digits: of equal ones the smaller operation wins
    )
)

register(
    Algorithm(
        "bohb",
        bohb.run_block,
        (
            # The default needs no early epochs, which not every image has, and goes with the other defaults.
            Parameter("form", bohb.NAS_BENCH_201, "whose script", choices=bohb.FORMS),
            Parameter("iterations", 0, "brackets; 0: 50 (nas-bench-201) or 300 (nats-bench)", 0, 100_000),
            Parameter("eta", 3, "one in so many configurations is promoted", 2, 200),
            Parameter("top_percent", 15, "share of the results that are called good", 1, 99),
            Parameter("num_samples", 4, "candidates for a proposal", 1, 2**20),
            Parameter("random_fraction", 0.0, "share of cells drawn uniformly though there is a model", 0, 1),
            Parameter("min_bandwidth", 0.3, "least bandwidth of the densities", 0, 1),
        ),
        "Falkner et al., ICML 2018 (hpbandster 0.7.4); NAS-Bench-201 and NATS-Bench, BOHB",
        epochs=bohb.epochs,
        symmetric=False,  # its bandwidths take the number of an operation for a quantity
        ranks_all=False,
    )
)  # fmt: skip
