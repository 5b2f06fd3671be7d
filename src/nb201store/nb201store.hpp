// nb201store: NAS-Bench-201 and NATS-Bench as one memory-mapped file. Include this and nothing
// else.
//
//     const auto bench = nb201store::image::open("nats-tss.nb201");
//     bench.value(0, "cifar10-valid", "x-valid", "accuracy", 200, -1, nb201store::mean_seed);
#pragma once

#include "condition.hpp"
#include "cost.hpp"
#include "crc32c.hpp"
#include "error.hpp"
#include "image.hpp"
#include "image_cost.hpp"
#include "space.hpp"
#include "top.hpp"
#include "where.hpp"
