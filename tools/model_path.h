// Where the program looks for a model that was not named.
#pragma once

#include <filesystem>
#include <vector>

namespace spencer {

/// The folders looked at, in order: $SPENCER_MODEL, then all-MiniLM-L6-v2 in
/// <prefix>/share/spencer/models (in a build tree this is a link) and in the user's data folder.
std::vector<std::filesystem::path> default_model_places();

/// `named`, or else the first of `default_model_places` that is there; absolute, links resolved.
/// @throws Error{not_found} naming the places and how to get a model
std::filesystem::path find_model(const std::filesystem::path& named);

}  // namespace spencer
