// Model folders as transformers and sentence-transformers load them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "spencer/model/model_folder.h"
#include "spencer/train/optimizer.h"

namespace spencer {

/// Writes an encoder with the source folder's tokenizer and configuration, and
/// sentence-transformers' files: prefixes and pooling as the source has them, normalised, `length`
/// tokens. Tensors of the source that are not among `weights` (a pooler, say) are kept.
/// @param weights by their names without prefix
/// @param heads of the exits, by the names of ExitHeads; empty = none
void write_encoder_folder(const std::filesystem::path& folder, const ModelFolder& source,
                          const NamedTensors& weights, const NamedTensors& heads,
                          std::int64_t length);

/// Writes an encoder of some of the source's layers, in that order, with all else as in the source.
/// @param layers positions counted from 0
/// @throws Error{unsupported} if the source has exit heads: they belong to its layers
void write_cut_encoder_folder(const std::filesystem::path& folder, const ModelFolder& source,
                              const std::vector<std::int64_t>& layers, std::int64_t length);

/// What pre-training leaves in a model folder beside transformers' own files.
inline constexpr const char* kPretrainingFile = "pretraining.safetensors";

/// Writes what pre-training made: an encoder folder as above, in the families that transformers
/// knows a masked language model of also with its head, so that it loads as one.
/// @param masked_lm by the names of MaskedLmHead; StarCoder-2's goes to the file of its own
/// @param others for the file of its own
void write_pretrained_folder(const std::filesystem::path& folder, const ModelFolder& source,
                             const NamedTensors& weights, const NamedTensors& heads,
                             const NamedTensors& masked_lm, const NamedTensors& others,
                             std::int64_t length);

/// Writes a sequence-classification folder with one output.
/// @param weights the encoder's, without prefix  @param head by full names
void write_classifier_folder(const std::filesystem::path& folder, const ModelFolder& source,
                             const NamedTensors& weights, const NamedTensors& head,
                             std::int64_t length);

}  // namespace spencer
