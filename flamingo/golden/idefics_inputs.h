#pragma once

#include <filesystem>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/golden/report.h"
#include "flamingo/model/config.h"

namespace flamingo::golden {

/// Makes ids, masks and pixels from the prompts (meta.json), the pictures and the tokenizer of an
/// end-to-end folder and compares them with `inputs`.
void compare_idefics_inputs(const std::filesystem::path& folder,
                            const model::FlamingoConfig& config,
                            const checkpoint::StateDict& inputs, Report& report);

}  // namespace flamingo::golden
