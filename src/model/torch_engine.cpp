// The engine over libtorch: what libspencer_torch hands out.
#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "spencer/base/error.h"
#include "spencer/model/model_folder.h"
#include "spencer/nn/device.h"
#include "spencer/nn/encoder.h"

#include "model/engine_abi.h"

namespace spencer {
namespace {

/// Runs `work`, turning libtorch's exceptions into ours.
template <typename Work>
auto guarded(const Work& work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(ErrorKind::out_of_memory,
                std::string("not enough memory; lower --batch-tokens. libtorch says: ") +
                    error.what_without_backtrace());
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::internal,
                std::string("libtorch failed: ") + error.what_without_backtrace());
  }
}

/// Positions of the sequences, longest first, cut into batches of about `tokens` tokens.
std::vector<std::vector<std::size_t>> make_batches(std::span<const TokenSequence> sequences,
                                                   std::int64_t tokens) {
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sequences[a].ids.size() > sequences[b].ids.size();
  });
  std::vector<std::vector<std::size_t>> batches;
  std::int64_t used = tokens;
  for (const std::size_t index : order) {
    const auto length = static_cast<std::int64_t>(sequences[index].ids.size());
    if (batches.empty() || used + length > tokens) {
      batches.emplace_back();
      used = 0;
    }
    batches.back().push_back(index);
    used += length;
  }
  return batches;
}

class TorchTextEncoder : public TextEncoder {
 public:
  TorchTextEncoder(const ModelFolder& folder, const EngineOptions& options)
      : folder_(folder), options_(options), device_(open_device(options.device)) {
    encoder_ = make_encoder(folder);
    load_parameters(*encoder_, Weights::open(folder.path));
  }

  std::int64_t dimension() const override { return folder_.hidden_size; }

  void encode(std::span<const TokenSequence> sequences, std::span<float> out) override {
    if (out.size() != sequences.size() * static_cast<std::size_t>(dimension())) {
      throw Error(ErrorKind::shape, "encode: " + std::to_string(sequences.size()) +
                                        " sequences need room for " +
                                        std::to_string(sequences.size() * dimension()) +
                                        " floats, not " + std::to_string(out.size()));
    }
    guarded([&] {
      const c10::InferenceMode inference;
      const std::int64_t tokens = options_.batch_tokens > 0 ? options_.batch_tokens : 2048;
      for (const auto& batch : make_batches(sequences, tokens)) {
        encode_batch(sequences, batch, out);
      }
    });
  }

 private:
  void encode_batch(std::span<const TokenSequence> sequences,
                    const std::vector<std::size_t>& indices, std::span<float> out) const {
    std::vector<SequenceView> views;
    for (const std::size_t index : indices) {
      views.push_back({sequences[index].ids, sequences[index].type_ids});
    }
    const PackedBatch batch = pack(views, folder_, device_);
    ForwardOptions forward;
    forward.exit_layer = options_.exit_layer;
    at::Tensor vectors = pool(encoder_->forward(batch, forward), batch, folder_.pooling);
    if (folder_.normalize) vectors = normalize_rows(vectors);
    vectors = vectors.to(at::kCPU, at::kFloat).contiguous();
    const float* rows = vectors.const_data_ptr<float>();
    const auto width = static_cast<std::size_t>(dimension());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::copy_n(rows + i * width, width, out.data() + indices[i] * width);
    }
  }

  ModelFolder folder_;
  EngineOptions options_;
  at::Device device_;
  std::unique_ptr<Encoder> encoder_;
};

class TorchEngine : public Engine {
 public:
  std::unique_ptr<TextEncoder> text_encoder(const std::filesystem::path& model_folder,
                                            const EngineOptions& options) override {
    options.validate();
    return guarded([&]() -> std::unique_ptr<TextEncoder> {
      return std::make_unique<TorchTextEncoder>(ModelFolder::open(model_folder), options);
    });
  }

  std::unique_ptr<PairScorer> pair_scorer(const std::filesystem::path& model_folder,
                                          const EngineOptions&) override {
    throw Error(ErrorKind::unsupported, model_folder.string() + ": no scorer");
  }
};

}  // namespace
}  // namespace spencer

extern "C" __attribute__((visibility("default"))) spencer::Engine* spencer_make_engine_1() {
  return new spencer::TorchEngine();
}
