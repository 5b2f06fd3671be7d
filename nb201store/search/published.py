"""The algorithms that NAS-Bench-201 and NATS-Bench published results of, and local search."""

from __future__ import annotations

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
