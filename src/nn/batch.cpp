#include "spencer/nn/batch.h"

#include <string>

#include <ATen/ATen.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

[[noreturn]] void refuse(std::size_t sequence, const std::string& what) {
  throw Error(ErrorKind::invalid_argument, "sequence " + std::to_string(sequence) + " " + what);
}

void check(const SequenceView& sequence, std::size_t index, const EncoderConfig& config) {
  if (sequence.ids.empty())
    refuse(index, "has no tokens: an empty text needs a tokenizer that adds special ones");
  if (static_cast<std::int64_t>(sequence.ids.size()) > config.position_limit()) {
    refuse(index, "has " + std::to_string(sequence.ids.size()) +
                      " tokens; the model reads at most " +
                      std::to_string(config.position_limit()));
  }
  if (!sequence.types.empty() && sequence.types.size() != sequence.ids.size()) {
    refuse(index, "has " + std::to_string(sequence.ids.size()) + " tokens and " +
                      std::to_string(sequence.types.size()) + " segments");
  }
  for (const std::int32_t id : sequence.ids) {
    if (id < 0 || id >= config.vocabulary_size) {
      refuse(index, "has token id " + std::to_string(id) + "; the model's vocabulary has " +
                        std::to_string(config.vocabulary_size) +
                        " (does the tokenizer belong to the model?)");
    }
  }
}

/// RoBERTa and MPNet leave a padding token that stands in a text on the padding id's row
/// (transformers' create_position_ids); the other families know no such thing.
void write_positions(const SequenceView& sequence, const EncoderConfig& config,
                     std::int64_t* positions) {
  std::int64_t next = config.first_position();
  const bool padding_apart = next > 0;
  for (std::size_t i = 0; i < sequence.ids.size(); ++i) {
    const bool padding = padding_apart && sequence.ids[i] == config.pad_token_id;
    positions[i] = padding ? config.pad_token_id : next++;
  }
}

void write_types(const SequenceView& sequence, std::size_t index, const EncoderConfig& config,
                 std::int64_t* types) {
  for (std::size_t i = 0; i < sequence.types.size(); ++i) {
    // RoBERTa's one segment holds both texts of a pair, whatever the tokenizer says.
    if (config.type_vocabulary_size == 1) break;
    if (sequence.types[i] < 0 || sequence.types[i] >= config.type_vocabulary_size) {
      refuse(index, "has segment " + std::to_string(sequence.types[i]) + "; the model has " +
                        std::to_string(config.type_vocabulary_size));
    }
    types[i] = sequence.types[i];
  }
}

}  // namespace

PackedBatch pack(std::span<const SequenceView> sequences, const EncoderConfig& config,
                 at::Device device, std::int64_t row_multiple) {
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    check(sequences[i], i, config);
    tokens += static_cast<std::int64_t>(sequences[i].ids.size());
  }
  const std::int64_t rows = (tokens + row_multiple - 1) / row_multiple * row_multiple;
  const auto options = at::TensorOptions().dtype(at::kLong);
  PackedBatch batch;
  batch.padding = rows - tokens;
  batch.ids = at::zeros({rows}, options);
  batch.positions = at::zeros({rows}, options);
  batch.starts = at::empty({static_cast<std::int64_t>(sequences.size())}, options);
  const bool has_types = config.type_vocabulary_size > 0;
  if (has_types) batch.types = at::zeros({rows}, options);
  std::int64_t* ids = batch.ids.data_ptr<std::int64_t>();
  std::int64_t at_token = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const SequenceView& sequence = sequences[i];
    const auto length = static_cast<std::int64_t>(sequence.ids.size());
    std::copy(sequence.ids.begin(), sequence.ids.end(), ids + at_token);
    write_positions(sequence, config, batch.positions.data_ptr<std::int64_t>() + at_token);
    if (has_types) {
      write_types(sequence, i, config, batch.types.data_ptr<std::int64_t>() + at_token);
    }
    batch.starts.data_ptr<std::int64_t>()[i] = at_token;
    if (batch.runs.empty() || batch.runs.back().length != length) {
      batch.runs.push_back({at_token, static_cast<std::int64_t>(i), 0, length});
    }
    ++batch.runs.back().count;
    at_token += length;
  }
  if (!device.is_cpu()) {
    batch.ids = batch.ids.to(device);
    batch.positions = batch.positions.to(device);
    batch.starts = batch.starts.to(device);
    if (has_types) batch.types = batch.types.to(device);
  }
  return batch;
}

}  // namespace spencer
