// The part that needs libtorch, loaded on need: libspencer itself does not link to it.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "spencer/model/encoder.h"

namespace spencer {

enum class Precision { automatic, float32, bfloat16 };

struct EngineOptions {
  std::string device = "auto";                 ///< "auto", "cpu", "cuda" or "cuda:N"
  Precision precision = Precision::automatic;  ///< automatic: bfloat16 where the device is faster
  int threads = 0;                             ///< CPU threads; 0 = one per core
  std::int64_t batch_tokens = 0;  ///< tokens per forward pass; 0 = what suits the device
  int exit_layer = 0;             ///< stop after this many layers; 0 = the model's last exit
  /// A handful of short texts are coming, not a corpus: keep start-up short rather than convert or
  /// repack weights. `automatic` then means float32 on a CPU.
  bool few_inputs = false;

  /// @throws Error{invalid_argument} naming field, value and what is allowed
  void validate() const;
};

/// Loads encoders. One per process is enough; made by `load_engine`.
class Engine {
 public:
  virtual ~Engine() = default;
  /// @throws Error{not_found, corrupt, unsupported, invalid_argument}
  virtual std::unique_ptr<TextEncoder> text_encoder(const std::filesystem::path& model_folder,
                                                    const EngineOptions& options) = 0;
  virtual std::unique_ptr<PairScorer> pair_scorer(const std::filesystem::path& model_folder,
                                                  const EngineOptions& options) = 0;
};

/// Loads libspencer_torch, and libtorch with it, once per process (about 0.2 s), and gives the
/// engine. libtorch is looked for in $SPENCER_LIBTORCH, on the loader's own path, where the build
/// found it, and in the packages of the Python on $PATH.
/// @throws Error{not_found} that says how to install or name one
Engine& load_engine();

/// A factory that libspencer_torch exports, loaded as by `load_engine`: how rooms after this one
/// reach their own part of it. @throws as `load_engine`; Error{unsupported_version} if it has none
void* engine_symbol(const char* name);

/// Starts `load_engine` on another thread, so that other work can go on meanwhile.
std::shared_future<Engine*> load_engine_async();

}  // namespace spencer
