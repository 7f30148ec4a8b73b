// The engine over libtorch: what libspencer_torch hands out.
#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "spencer/base/error.h"
#include "spencer/model/model_folder.h"
#include "spencer/nn/classifier.h"
#include "spencer/nn/device.h"
#include "spencer/nn/encoder.h"
#include "spencer/nn/exit_heads.h"
#include "spencer/nn/exits.h"

#include "model/engine_abi.h"
#include "nn/guarded.h"
#include "nn/unsplit.h"

namespace spencer {
namespace {

constexpr const char* kMemoryAdvice = "lower --batch-tokens";

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

int core_count() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

/// Each thread takes whole batches: a batch's operations stay on one core and in its cache, and
/// there is no barrier at which a thread that lost its core holds up the others.
template <typename Batches, typename Work>
void for_each_on_threads(const Batches& batches, int threads, const Work& work) {
  const UnsplitOperations unsplit;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take = [&] {
    try {
      for (std::size_t i = next++; i < batches.size(); i = next++) work(batches[i]);
    } catch (...) {
      next = batches.size();
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  const std::size_t helpers = std::min(batches.size(), static_cast<std::size_t>(threads));
  for (std::size_t i = 1; i < helpers; ++i) {
    others.emplace_back([&] {
      const UnsplitOperations unsplit_here;  // OpenMP keeps the number per thread
      take();
    });
  }
  take();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

constexpr std::int64_t kCpuBatchTokens = 1024;
constexpr std::int64_t kRowMultiple = 16;  // oneDNN compiles a kernel for each number of rows
constexpr std::int64_t kDeviceBatchTokens = 16384;

/// An encoder up to its exit, on its device, and the ways to feed it any number of sequences.
/// Layers beyond the exit are neither read nor held.
class Runner {
 public:
  Runner(const ModelFolder& folder, const EngineOptions& options)
      : folder_(folder),
        options_(options),
        exit_(folder.resolve_exit(options.exit_layer)),
        device_(open_device(options.device)),
        threads_(options.threads > 0 ? options.threads : core_count()) {
    if (options.precision == Precision::bfloat16) require_bfloat16(device_);
    encoder_ = make_encoder(folder.first_layers(exit_));
    weights_ = Weights::open(folder.path);
    load_parameters(*encoder_, weights_);
    prepare();
  }

  const ModelFolder& folder() const { return folder_; }
  int exit() const { return exit_; }
  const Weights& weights() const { return weights_; }
  at::Device device() const { return device_; }

  /// Calls `finish` with the hidden state at the exit of each batch and gives its rows to `out`.
  /// @param finish (hidden [N, H], batch) -> [B, width]; called on several threads at once
  template <typename Finish>
  void run(std::span<const TokenSequence> sequences, std::span<float> out, std::size_t width,
           const Finish& finish) const {
    if (out.size() != sequences.size() * width) {
      throw Error(ErrorKind::shape, std::to_string(sequences.size()) + " sequences need room for " +
                                        std::to_string(sequences.size() * width) + " floats, not " +
                                        std::to_string(out.size()));
    }
    const auto batches = make_batches(sequences, batch_tokens(sequences));
    const auto encode = [&](const std::vector<std::size_t>& indices) {
      const c10::InferenceMode inference;
      std::vector<SequenceView> views;
      views.reserve(indices.size());
      for (const std::size_t i : indices)
        views.push_back({sequences[i].ids, sequences[i].type_ids});
      const PackedBatch batch = pack(views, folder_, device_, row_multiple_);
      const at::Tensor result = finish(encoder_->forward(batch).to(at::kFloat), batch);
      const at::Tensor rows = result.to(at::kCPU, at::kFloat).contiguous();
      const float* row = rows.const_data_ptr<float>();
      for (const std::size_t index : indices) {
        std::copy_n(row, width, out.data() + index * width);
        row += width;
      }
    };
    if (!device_.is_cpu()) {
      for (const auto& batch : batches) encode(batch);
      return;
    }
    for_each_on_threads(batches, threads_, encode);
  }

 private:
  /// Moves or packs the parameters, where enough inputs are to come to make up for it.
  void prepare() {
    const c10::InferenceMode inference;
    if (!device_.is_cpu()) {
      const auto type = options_.precision == Precision::float32 ? at::kFloat : at::kBFloat16;
      encoder_->visit([&](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
        parameter = parameter.to(device_, type);
      });
    } else if (options_.precision == Precision::bfloat16) {
      encoder_->pack(at::kBFloat16);
    } else if (!options_.few_inputs) {
      const bool half = options_.precision == Precision::automatic && cpu_prefers_bfloat16();
      encoder_->pack(half ? at::kBFloat16 : at::kFloat);
      row_multiple_ = kRowMultiple;
    }
  }

  std::int64_t batch_tokens(std::span<const TokenSequence> sequences) const {
    if (options_.batch_tokens > 0) return options_.batch_tokens;
    if (!device_.is_cpu()) return kDeviceBatchTokens;
    std::int64_t total = 0;
    for (const TokenSequence& sequence : sequences) {
      total += static_cast<std::int64_t>(sequence.ids.size());
    }
    return std::min(kCpuBatchTokens, (total + threads_ - 1) / threads_);
  }

  ModelFolder folder_;
  EngineOptions options_;
  int exit_;
  at::Device device_;
  int threads_;
  std::int64_t row_multiple_ = 1;
  Weights weights_;
  std::unique_ptr<Encoder> encoder_;
};

class TorchTextEncoder : public TextEncoder {
 public:
  TorchTextEncoder(const ModelFolder& folder, const EngineOptions& options)
      : runner_(folder, options) {
    if (folder.head_dimension == 0) return;
    heads_.emplace(folder, folder.exits, folder.head_dimension);
    load_parameters(*heads_, Weights::open_file(folder.path / kExitHeadsFile));
    heads_->visit([&](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
      parameter = parameter.to(runner_.device());
    });
  }

  std::int64_t dimension() const override { return runner_.folder().dimension(); }

  void encode(std::span<const TokenSequence> sequences, std::span<float> out) override {
    const ModelFolder& folder = runner_.folder();
    guarded(kMemoryAdvice, [&] {
      runner_.run(sequences, out, static_cast<std::size_t>(dimension()),
                  [&](const at::Tensor& hidden, const PackedBatch& batch) {
                    const at::Tensor vectors =
                        heads_ ? heads_->forward(hidden, batch, folder.pooling, runner_.exit())
                               : pool(hidden, batch, folder.pooling);
                    return folder.normalize ? normalize_rows(vectors) : vectors;
                  });
    });
  }

 private:
  Runner runner_;
  std::optional<ExitHeads> heads_;
};

class TorchPairScorer : public PairScorer {
 public:
  TorchPairScorer(const ModelFolder& folder, const EngineOptions& options)
      : runner_(folder, options), head_(folder) {
    load_parameters(head_, runner_.weights());
    head_.visit([&](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
      parameter = parameter.to(runner_.device());
    });
  }

  void score(std::span<const TokenSequence> sequences, std::span<float> out) override {
    guarded(kMemoryAdvice, [&] {
      runner_.run(sequences, out, 1, [&](const at::Tensor& hidden, const PackedBatch& batch) {
        return head_.forward(hidden, batch);
      });
    });
  }

 private:
  Runner runner_;
  ClassifierHead head_;
};

class TorchEngine : public Engine {
 public:
  std::unique_ptr<TextEncoder> text_encoder(const std::filesystem::path& model_folder,
                                            const EngineOptions& options) override {
    options.validate();
    return guarded(kMemoryAdvice, [&]() -> std::unique_ptr<TextEncoder> {
      return std::make_unique<TorchTextEncoder>(ModelFolder::open(model_folder), options);
    });
  }

  std::unique_ptr<PairScorer> pair_scorer(const std::filesystem::path& model_folder,
                                          const EngineOptions& options) override {
    options.validate();
    return guarded(kMemoryAdvice, [&]() -> std::unique_ptr<PairScorer> {
      return std::make_unique<TorchPairScorer>(ModelFolder::open(model_folder), options);
    });
  }
};

}  // namespace
}  // namespace spencer

extern "C" __attribute__((visibility("default"))) spencer::Engine* spencer_make_engine_1() {
  return new spencer::TorchEngine();
}
