// Both search spaces: codes, strings, neighbours, isomorphism, official order. The twin of
// nb201store/space.py.
#pragma once

#include <nb201store/isomorphism.hpp>
#include <nb201store/official_order.hpp>
#include <nb201store/space_sss.hpp>
#include <nb201store/space_tss.hpp>
