// Alternating rounds, as in nb201bench/harness.py, and the JSON that it reads.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

using answers = std::vector<double>;

/// One way to answer: `run` answers `n` questions into its argument, which has room for them and is
/// compared with that of the first contender. A floor answers nothing.
struct contender {
    std::string name;
    std::string role;  // ours, baseline, floor
    std::size_t n;
    std::function<void(answers&)> run;
    std::string note = {};
    double ready = -1.0;  // seconds to be ready for the first question; negative: not applicable
};

struct bench_case {
    std::string workload;
    std::string title;
    std::string per;
    std::vector<contender> contenders;
};

struct disagreement : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds a question, by the wall clock and of the processor.
struct spent {
    double wall, cpu;
};

inline spent time_once(const contender& one, answers& out) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t busy = std::clock();
    one.run(out);
    const auto n = static_cast<double>(one.n);
    const double cpu = static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC;
    return {seconds_since(start) / n, cpu / n};
}

/// The quantile of sorted numbers, between two of them where it falls there.
inline double quantile(const std::vector<double>& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

inline bool same(double one, double other) {
    return one == other || (std::isnan(one) && std::isnan(other));
}

inline void compare(const bench_case& of, const contender& one, const answers& found,
                    const answers& ours) {
    for (std::size_t i = 0; i < ours.size(); ++i)
        if (!same(found[i], ours[i])) {
            throw disagreement(of.workload + ", " + of.title + ", " + one.name + ": answer " +
                               std::to_string(i) + " is " + std::to_string(found[i]) + ", ours " +
                               std::to_string(ours[i]));
        }
}

/// JSON of our own: names are ours and hold nothing to escape.
class report {
  public:
    void add(const bench_case& of, std::size_t answer_count, int rounds) {
        std::vector<answers> outs(of.contenders.size(), answers(answer_count, std::nan("")));
        std::vector<double> firsts;
        for (std::size_t i = 0; i < of.contenders.size(); ++i) {
            firsts.push_back(time_once(of.contenders[i], outs[i]).wall);
            if (of.contenders[i].role != "floor")
                compare(of, of.contenders[i], outs[i], outs.front());
        }
        std::vector<std::vector<double>> walls(of.contenders.size()), cpus(of.contenders.size());
        for (int turn = 0; turn < rounds; ++turn)
            for (std::size_t place = 0; place < of.contenders.size(); ++place) {
                const std::size_t which =
                    (place + static_cast<std::size_t>(turn)) % of.contenders.size();
                const spent took = time_once(of.contenders[which], outs[which]);
                walls[which].push_back(took.wall);
                cpus[which].push_back(took.cpu);
            }
        text_ += cases_++ == 0 ? "\n" : ",\n";
        text_ += "{\"workload\": \"" + of.workload + "\", \"title\": \"" + of.title +
                 "\", \"language\": \"C++\", \"cache\": \"warm\", \"per\": \"" + of.per +
                 "\", \"measures\": {}, \"timings\": [";
        for (std::size_t i = 0; i < of.contenders.size(); ++i) {
            std::sort(walls[i].begin(), walls[i].end());
            std::sort(cpus[i].begin(), cpus[i].end());
            if (i != 0) text_ += ",";
            add_timing(of.contenders[i], walls[i], quantile(cpus[i], 0.5), firsts[i], answer_count);
        }
        text_ += "]}";
    }

    std::string text(const std::string& compiler) const {
        return "{\"compiler\": \"" + compiler + "\", \"cases\": [" + text_ + "]}\n";
    }

  private:
    void add_timing(const contender& one, const std::vector<double>& sorted, double cpu,
                    double first, std::size_t answer_count) {
        char numbers[256];
        std::snprintf(numbers, sizeof numbers,
                      "\"n\": %zu, \"rounds\": %zu, \"median\": %.6g, \"q1\": %.6g, "
                      "\"q3\": %.6g, \"cpu\": %.6g, \"first\": %.6g, ",
                      one.n, sorted.size(), quantile(sorted, 0.5), quantile(sorted, 0.25),
                      quantile(sorted, 0.75), cpu, first);
        char ready[32];
        std::snprintf(ready, sizeof ready, "%.6g", one.ready);
        const std::string agrees =
            one.role == "floor" ? "" : "exactly, " + std::to_string(answer_count) + " answers";
        text_ += "\n  {\"name\": \"" + one.name + "\", \"role\": \"" + one.role + "\", " + numbers +
                 "\"ready\": " + (one.ready < 0 ? "null" : ready) + ", \"agrees\": \"" + agrees +
                 "\", \"note\": \"" + one.note + "\"}";
    }

    std::string text_;
    int cases_ = 0;
};

}  // namespace bench
