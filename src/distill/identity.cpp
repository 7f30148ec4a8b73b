#include "distill/identity.h"

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/hash.h"

#include "distill/held_out.h"

namespace spencer {

Identity identity_of(const DistillOptions& options, const RerankOptions& rerank,
                     const DistillData& data, const DualEncoder& original,
                     const CrossEncoder* reranker) {
  const StudentOptions& training = options.training;
  const auto number = [](double value) { return nlohmann::json(value).dump(); };
  std::string layers = options.rule == LayerRule::first ? "first" : "spread";
  for (const std::int64_t layer : options.layers) layers += " " + std::to_string(layer);
  std::string extra;
  for (const std::string& query : data.extra) extra += hash128(query).hex();
  return {{"query encoder", original.query_folder().fingerprint()},
          {"code encoder", original.code_fingerprint()},
          {"reranker", reranker != nullptr ? reranker->folder().fingerprint() : "none"},
          {"rerank depth", std::to_string(rerank.depth)},
          {"recall weight", number(rerank.recall_weight)},
          {"training data", data.pairs.checksum()},
          {"queries without a code", hash128(extra).hex()},
          {"held-out data", checksum_of(data.held_out)},
          {"strategy", std::to_string(static_cast<int>(options.descent.strategy))},
          {"step", std::to_string(options.descent.step)},
          {"layers", layers},
          {"loss weights",
           number(training.dual_weight) + " dual, " + number(training.single_weight) + " single"},
          {"extra queries per batch", std::to_string(training.extra)},
          {"query length", std::to_string(training.query_length)},
          {"code length", std::to_string(original.code_length())},
          {"epochs", number(training.epochs)},
          {"max steps", std::to_string(training.max_steps)},
          {"batch size", std::to_string(training.batch_size)},
          {"accumulation", std::to_string(training.accumulation)},
          {"learning rate", number(training.learning_rate)},
          {"warm-up", number(training.warmup)},
          {"schedule", std::to_string(static_cast<int>(training.schedule))},
          {"weight decay", number(training.weight_decay)},
          {"gradient norm", number(training.max_gradient_norm)},
          {"dropout", training.dropout ? number(*training.dropout) : "the model's"},
          {"ema", number(training.ema)},
          {"frozen layers", std::to_string(training.freeze_layers) +
                                (training.freeze_embeddings ? " and the embeddings" : "")},
          {"steps between validations", std::to_string(training.valid_every)},
          {"patience", std::to_string(training.patience)},
          {"seed", std::to_string(training.seed)}};
}

void check_identity(const std::filesystem::path& folder, const Identity& ours, bool resume) {
  const std::filesystem::path file = folder / "identity.json";
  if (!std::filesystem::exists(file)) {
    write_file_atomically(file, nlohmann::json(ours).dump(2) + "\n");
    return;
  }
  if (!resume) {
    throw Error(ErrorKind::invalid_argument,
                folder.string() +
                    " holds a run already; go on with it (--resume), or name another folder "
                    "(--output)");
  }
  Identity theirs;
  try {
    theirs = nlohmann::json::parse(read_file(file)).get<Identity>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": " + error.what());
  }
  for (const auto& [name, value] : ours) {
    if (theirs[name] == value) continue;
    throw Error(ErrorKind::invalid_argument,
                folder.string() + " is of another run: its " + name + " is " + theirs[name] +
                    ", here it is " + value +
                    ". Resume with the run's own options, or name another --output");
  }
}

}  // namespace spencer
