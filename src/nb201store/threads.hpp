// A batch cut into ranges, one a thread. The answer never depends on how many there are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace nb201store::detail {

/// Fewer elements than this are not worth a thread of their own: starting one costs as much.
inline constexpr std::size_t k_least_range = 32768;

/// Call f(begin, end) for ranges that cover 0..count - 1. Of several ranges that throw, the first's
/// exception leaves: the one that a single thread would have met.
template <class F>
void for_ranges(std::size_t count, unsigned threads, const F& f) {
    const std::size_t most = std::max<std::size_t>(count / k_least_range, 1);
    const std::size_t ranges = std::min<std::size_t>(std::max(threads, 1U), most);
    if (ranges == 1) return f(std::size_t{0}, count);
    std::vector<std::exception_ptr> problems(ranges);
    const auto work = [&](std::size_t range) noexcept {
        try {
            f(count * range / ranges, count * (range + 1) / ranges);
        } catch (...) {
            problems[range] = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    others.reserve(ranges - 1);
    std::size_t started = 1;
    try {
        for (; started < ranges; ++started) others.emplace_back(work, started);
    } catch (const std::system_error&) {
        // No more threads to be had: this one does the rest.
    }
    work(0);
    for (std::size_t range = started; range < ranges; ++range) work(range);
    for (std::thread& other : others) other.join();
    for (const std::exception_ptr& problem : problems)
        if (problem) std::rethrow_exception(problem);
}

}  // namespace nb201store::detail
