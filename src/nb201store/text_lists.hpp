// Lists of names and numbers as error messages show them: short ones whole, long ones as ranges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nb201store::detail {

class text_list {
  public:
    void add(std::string_view item) {
        if (count_++ >= k_shown) return;
        if (!text_.empty()) text_ += ", ";
        text_ += item;
    }
    void add_new(std::string_view item, std::vector<std::string_view>& seen) {
        for (const std::string_view before : seen)
            if (before == item) return;
        seen.push_back(item);
        add(item);
    }
    std::string text() const {
        if (count_ == 0) return "nothing";
        if (count_ <= k_shown) return text_;
        return text_ + ", ... (" + std::to_string(count_) + " in all)";
    }

  private:
    static constexpr std::size_t k_shown = 12;
    std::string text_;
    std::size_t count_ = 0;
};

/// Ascending numbers: runs of three and more as `first-last`.
inline std::string number_ranges(const std::vector<std::uint32_t>& numbers) {
    text_list list;
    for (std::size_t begin = 0; begin < numbers.size();) {
        std::size_t end = begin + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
        if (end - begin >= 3) {
            list.add(std::to_string(numbers[begin]) + "-" + std::to_string(numbers[end - 1]));
        } else {
            for (std::size_t i = begin; i < end; ++i) list.add(std::to_string(numbers[i]));
        }
        begin = end;
    }
    return list.text();
}

}  // namespace nb201store::detail
