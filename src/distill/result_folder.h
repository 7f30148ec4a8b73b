// The two-stage model that a distillation ends with.
#pragma once

#include <filesystem>

#include "spencer/model/two_stage_folder.h"

namespace spencer {

/// Writes `folder` with copies of the encoders and the reranker that `parts` names, and its lengths
/// and exit. Where both encoders are one folder, one copy serves. The folder appears whole.
/// @throws Error{io}
void write_two_stage_model(const std::filesystem::path& folder, const TwoStageFolder& parts);

}  // namespace spencer
