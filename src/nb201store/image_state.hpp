// An opened image: its bytes and everything opening learned from them. Immutable, shared by all
// handles.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "column_reader.hpp"
#include "section_roles.hpp"
#include "trial_rows.hpp"
#include "user_columns.hpp"

namespace nb201store::detail {

struct image_state {
    std::string path;
    file_bytes file;
    image_header header{};
    std::vector<section> sections;
    description about;
    std::vector<column_source> sources;       ///< of about.columns
    std::vector<column_source> user_sources;  ///< of about.user_columns
    std::vector<trial_rows> trials;           ///< of about.groups

    file_parts parts() const noexcept { return {path, file, sections}; }
    const std::uint8_t* section_bytes(std::uint32_t number) const noexcept {
        return parts().bytes(sections[number]);
    }
};

inline layout column_layout(const column_info& column, dtype data, bool last_hits) noexcept {
    switch (column.encoding) {
        case encoding::hits:
            if (data == dtype::u16) return last_hits ? layout::hits_u16_last : layout::hits_u16;
            return last_hits ? layout::hits_u32_last : layout::hits_u32;
        case encoding::packed_hits:
            return layout::packed_hits;
        case encoding::value:
            return data == dtype::f4 ? layout::value_f4 : layout::value_f8;
        case encoding::per_trial:
            return layout::per_trial;
        case encoding::per_cell:
            return layout::per_cell;
        case encoding::dictionary:
            return layout::dictionary;
        case encoding::list:
            return layout::list;
        case encoding::per_image:
            return layout::per_image;
    }
    return layout::per_trial;
}

/// REQUIRES: `column` and the sections it names were checked (column_reader.hpp).
inline column_source resolve_column(const image_state& state, const column_info& column) {
    column_source source;
    source.data = state.section_bytes(column.data);
    if (column.extra != k_none) {
        source.extra = state.section_bytes(column.extra);
        source.extra_count = state.sections[column.extra].shape[0];
    }
    if (column.present != k_none) source.present = state.section_bytes(column.present);
    source.epochs = column.epoch_count == 0 ? 1 : column.epoch_count;
    source.present_width = static_cast<std::uint32_t>(present_width(column.epoch_count));
    if (column.split != k_none) {
        const split_info& split = state.about.splits[column.split];
        source.rule = percent_rule(split.images, split.last_batch);
    }
    source.layout =
        column_layout(column, state.sections[column.data].dtype, column.extra != k_none);
    return source;
}

inline std::shared_ptr<const image_state> read_image(std::string path, file_bytes file) {
    auto state = std::make_shared<image_state>();
    state->path = std::move(path);
    state->file = std::move(file);
    state->header = read_header(state->file, state->path);
    state->sections = read_section_table(state->file, state->header, state->path);
    const file_parts parts = state->parts();
    description& about = state->about;
    about.space = read_space(parts);
    read_datasets(parts, about);
    read_splits(parts, about);
    read_groups(parts, about);
    read_columns(parts, about);
    read_user_columns(parts, about);
    check_section_roles(parts, about);
    state->sources.reserve(about.columns.size());
    for (const column_info& column : about.columns)
        state->sources.push_back(resolve_column(*state, column));
    state->user_sources.reserve(about.user_columns.size());
    for (const user_column_info& column : about.user_columns)
        state->user_sources.push_back(user_column_source(parts, column));
    state->trials.reserve(about.groups.size());
    for (const group_info& group : about.groups)
        state->trials.push_back(
            {group.row_table == k_none ? nullptr : state->section_bytes(group.row_table),
             about.space.cells, static_cast<std::uint32_t>(group.seeds.size()), group.rows});
    return state;
}

}  // namespace nb201store::detail
