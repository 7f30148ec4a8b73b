#include "spencer/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "train/parallel.h"

namespace spencer {
namespace {

constexpr std::int64_t kPieceElements = std::int64_t{1} << 18;

}  // namespace

Optimizer::Optimizer(std::vector<TrainedParameter> parameters, const TrainOptions& options,
                     std::size_t lanes)
    : parameters_(std::move(parameters)),
      lanes_(lanes),
      weight_decay_(options.weight_decay),
      beta1_(options.beta1),
      beta2_(options.beta2),
      epsilon_(options.epsilon),
      max_norm_(options.max_gradient_norm),
      ema_(options.ema) {
  const c10::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& value = parameters_[i].value;
    first_.push_back(at::zeros_like(value));
    second_.push_back(at::zeros_like(value));
    counts_.push_back(at::zeros({}, value.options()));
    if (ema_ > 0) average_.push_back(value.detach().clone());
    for (std::int64_t first = 0; first < value.numel(); first += kPieceElements) {
      pieces_.push_back({i, first, std::min(kPieceElements, value.numel() - first)});
    }
  }
}

double Optimizer::clip() {
  std::vector<double> squares(pieces_.size());
  const auto gradient = [&](const Piece& piece) {
    const at::Tensor& all = parameters_[piece.parameter].value.grad();
    return all.defined() ? all.view({-1}).narrow(0, piece.first, piece.count) : at::Tensor();
  };
  in_shares(pieces_.size(), lanes_, [&](std::size_t i, std::size_t) {
    const c10::NoGradGuard no_grad;
    const at::Tensor piece = gradient(pieces_[i]);
    if (piece.defined()) squares[i] = at::dot(piece, piece).item<double>();
  });
  const double norm = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  const double factor = max_norm_ / (norm + 1e-6);  // as torch.nn.utils.clip_grad_norm_ has it
  if (!std::isfinite(norm) || max_norm_ == 0 || factor >= 1) return norm;
  in_shares(pieces_.size(), lanes_, [&](std::size_t i, std::size_t) {
    const c10::NoGradGuard no_grad;
    const at::Tensor piece = gradient(pieces_[i]);
    if (piece.defined()) piece.mul_(factor);
  });
  return norm;
}

void Optimizer::update(const Piece& piece, double learning_rate) {
  const c10::NoGradGuard no_grad;
  const TrainedParameter& parameter = parameters_[piece.parameter];
  const auto part = [&](const at::Tensor& all) {
    return all.detach().view({-1}).narrow(0, piece.first, piece.count);
  };
  if (parameter.value.grad().defined()) {
    at::_fused_adamw_({part(parameter.value)}, {part(parameter.value.grad())},
                      {part(first_[piece.parameter])}, {part(second_[piece.parameter])}, {},
                      {counts_[piece.parameter]}, learning_rate, beta1_, beta2_,
                      parameter.decay ? weight_decay_ : 0, epsilon_, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
  if (ema_ > 0) part(average_[piece.parameter]).lerp_(part(parameter.value), 1 - ema_);
}

double Optimizer::step(double learning_rate) {
  const c10::NoGradGuard no_grad;
  const double norm = clip();
  if (!std::isfinite(norm)) return norm;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].value.grad().defined()) counts_[i].add_(1);
  }
  in_shares(pieces_.size(), lanes_,
            [&](std::size_t i, std::size_t) { update(pieces_[i], learning_rate); });
  for (TrainedParameter& parameter : parameters_) parameter.value.mutable_grad().reset();
  return norm;
}

NamedTensors Optimizer::state() const {
  NamedTensors all;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    all.emplace_back("first/" + name, first_[i]);
    all.emplace_back("second/" + name, second_[i]);
    all.emplace_back("count/" + name, counts_[i]);
    if (ema_ > 0) all.emplace_back("average/" + name, average_[i]);
  }
  return all;
}

void Optimizer::swap_average() {
  if (ema_ <= 0) return;
  const c10::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor kept = parameters_[i].value.detach().clone();
    parameters_[i].value.copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

}  // namespace spencer
