#include "spencer/nn/exit_heads.h"

#include <string>

#include <ATen/ATen.h>

#include "spencer/base/error.h"
#include "spencer/nn/exits.h"

namespace spencer {

ExitHeads::ExitHeads(const EncoderConfig& config, const std::vector<int>& exits,
                     std::int64_t dimension)
    : hidden_size_(config.hidden_size),
      dimension_(dimension),
      layer_norm_eps_(config.layer_norm_eps) {
  if (const std::string fault = fault_of_exits(exits, config.layers); !fault.empty()) {
    throw Error(ErrorKind::invalid_argument, fault);
  }
  if (dimension <= 0) {
    throw Error(ErrorKind::invalid_argument,
                "exit heads cannot make vectors of " + std::to_string(dimension) + " numbers");
  }
  for (const int exit : exits) heads_[exit].normed = config.pre_norm() && exit < config.layers;
}

std::vector<int> ExitHeads::exits() const {
  std::vector<int> exits;
  for (const auto& [exit, head] : heads_) exits.push_back(exit);
  return exits;
}

void ExitHeads::visit(const ParameterVisitor& visitor) {
  for (auto& [exit, head] : heads_) {
    const std::string name = "exits." + std::to_string(exit);
    if (head.normed) head.norm.visit(name + ".norm", hidden_size_, visitor);
    head.projection.visit(name, hidden_size_, dimension_, visitor);
  }
}

const ExitHeads::Head& ExitHeads::head(int exit) const {
  const auto found = heads_.find(exit);
  if (found == heads_.end()) {
    throw Error(
        ErrorKind::invalid_argument,
        "exit " + std::to_string(exit) + " has no head; these have: " + list_exits(exits()));
  }
  return found->second;
}

at::Tensor ExitHeads::normed(const at::Tensor& hidden, int exit) const {
  const Head& own = head(exit);
  return own.normed ? own.norm.forward(hidden, layer_norm_eps_) : hidden;
}

at::Tensor ExitHeads::project(const at::Tensor& states, int exit) const {
  return head(exit).projection.forward(states);
}

at::Tensor ExitHeads::forward(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling,
                              int exit) const {
  return project(pool(normed(hidden, exit), batch, pooling), exit);
}

ExitHeads make_exit_heads(const EncoderConfig& config, const std::vector<int>& exits,
                          std::int64_t dimension) {
  if (dimension > config.hidden_size) {
    throw Error(ErrorKind::invalid_argument,
                "exit heads start as parts of the state: " + std::to_string(dimension) +
                    " numbers are more than its " + std::to_string(config.hidden_size));
  }
  ExitHeads heads(config, exits, dimension);
  heads.visit([](const std::string& name, at::Tensor& parameter, at::IntArrayRef shape) {
    if (name.ends_with("bias")) {
      parameter = at::zeros(shape);
    } else {
      parameter = shape.size() == 2 ? at::eye(shape[0], shape[1]) : at::ones(shape);
    }
  });
  return heads;
}

void load_parameters(ExitHeads& heads, const Weights& weights) {
  heads.visit([&](const std::string& name, at::Tensor& parameter, at::IntArrayRef shape) {
    parameter = weights.tensor(name, shape).to(at::kFloat);
  });
}

void save_exit_heads(ExitHeads& heads, const std::filesystem::path& model_folder) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  heads.visit([&](const std::string& name, at::Tensor& parameter, at::IntArrayRef) {
    tensors.emplace_back(name, parameter);
  });
  write_safetensors(model_folder / kExitHeadsFile, tensors);
}

}  // namespace spencer
