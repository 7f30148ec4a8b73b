// One file that holds all of an unfinished run, replaced whole: a run killed at any moment goes on
// from the last one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "spencer/train/optimizer.h"

namespace spencer {

inline constexpr int kCheckpointVersion = 1;  // of the checkpoint's state; 1: first published

/// What decides every batch and weight of a run, by name. A checkpoint goes on only in a run of
/// the same identity.
using RunIdentity = std::map<std::string, std::string>;

/// Where a run is.
struct RunState {
  std::int64_t step = 0;        ///< optimizer steps done
  double seconds = 0;           ///< of work so far
  std::int64_t best_step = -1;  ///< -1 = none yet
  double best = 0;              ///< the deciding figure there
  std::int64_t since_best = 0;  ///< validations since then
};

/// Writes state and tensors as one safetensors file (the state as JSON in the tensor
/// "spencer.state"). @throws Error{io}; the file that was there stays whole
void write_checkpoint(const std::filesystem::path& file, const RunState& state,
                      const RunIdentity& identity, const NamedTensors& tensors);

/// Copies the file's tensors into those of the same names.
/// @throws Error{invalid_argument} naming the first difference if the checkpoint is of another run;
///         Error{corrupt, unsupported_version}
RunState read_checkpoint(const std::filesystem::path& file, const RunIdentity& identity,
                         const NamedTensors& tensors);

/// Of the run that wrote the file. @throws Error{corrupt}
RunIdentity read_identity(const std::filesystem::path& file);

}  // namespace spencer
