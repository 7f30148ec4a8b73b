#include "spencer/train/checkpoint.h"

#include <cstring>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/nn/safetensors.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr const char* kState = "spencer.state";

at::Tensor as_bytes(const std::string& text) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::memcpy(bytes.data_ptr(), text.data(), text.size());
  return bytes;
}

json state_of(const Weights& weights, const fs::path& file) {
  const at::Tensor bytes = weights.tensor(kState);
  try {
    return json::parse(
        std::string(static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()));
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": the state is not JSON: " + error.what());
  }
}

void check_identity(const RunIdentity& ours, const RunIdentity& theirs, const fs::path& file) {
  const auto value = [](const RunIdentity& identity, const std::string& name) {
    const auto found = identity.find(name);
    return found == identity.end() ? std::string("not set") : found->second;
  };
  RunIdentity all = ours;
  all.insert(theirs.begin(), theirs.end());
  for (const auto& [name, unused] : all) {
    if (value(ours, name) == value(theirs, name)) continue;
    throw Error(ErrorKind::invalid_argument,
                file.string() + " is of another run: its " + name + " is " + value(theirs, name) +
                    ", here it is " + value(ours, name) +
                    ". Resume with the run's own options, or name another --output");
  }
}

}  // namespace

void write_checkpoint(const fs::path& file, const RunState& state, const RunIdentity& identity,
                      const NamedTensors& tensors) {
  const json fields = {{"format_version", kCheckpointVersion},
                       {"step", state.step},
                       {"seconds", state.seconds},
                       {"best_step", state.best_step},
                       {"best", state.best},
                       {"since_best", state.since_best},
                       {"identity", identity}};
  NamedTensors all = tensors;
  all.emplace_back(kState, as_bytes(fields.dump()));
  write_safetensors(file, all);
}

RunState read_checkpoint(const fs::path& file, const RunIdentity& identity,
                         const NamedTensors& tensors) {
  const Weights weights = Weights::open_file(file);
  const json fields = state_of(weights, file);
  RunState state;
  try {
    if (const int version = fields.at("format_version").get<int>(); version != kCheckpointVersion) {
      throw Error(ErrorKind::unsupported_version,
                  file.string() + " is of format version " + std::to_string(version) +
                      "; this program goes on from version " + std::to_string(kCheckpointVersion));
    }
    check_identity(identity, fields.at("identity").get<RunIdentity>(), file);
    state.step = fields.at("step").get<std::int64_t>();
    state.seconds = fields.at("seconds").get<double>();
    state.best_step = fields.at("best_step").get<std::int64_t>();
    state.best = fields.at("best").get<double>();
    state.since_best = fields.at("since_best").get<std::int64_t>();
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": the state is not whole: " + error.what());
  }
  const c10::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    at::Tensor target = tensor;
    target.copy_(weights.tensor(name, tensor.sizes()));
  }
  return state;
}

RunIdentity read_identity(const fs::path& file) {
  try {
    return state_of(Weights::open_file(file), file).at("identity").get<RunIdentity>();
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": the state is not whole: " + error.what());
  }
}

}  // namespace spencer
