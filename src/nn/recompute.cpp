#include "nn/recompute.h"

#include <memory>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "spencer/nn/autocast.h"

namespace spencer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// A layer's call, and what it depended on besides its inputs.
struct Call {
  LayerFunction layer;
  at::Generator generator;
  at::Tensor random_state;
  c10::DeviceType device;
  bool autocast;
};

/// An autograd function takes no undefined tensor: an empty one stands for it.
at::Tensor or_none(const at::Tensor& bias) { return bias.numel() == 0 ? at::Tensor() : bias; }

class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& bias, const std::shared_ptr<Call>& call) {
    context->save_for_backward({hidden, bias});
    context->saved_data["call"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(call));
    return call->layer(hidden, or_none(bias));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto& call =
        *c10::static_intrusive_pointer_cast<Holder>(context->saved_data["call"].toCapsule())->call;
    const at::Tensor hidden = saved[0].detach().requires_grad_();
    const bool has_bias = saved[1].requires_grad();
    const at::Tensor bias = has_bias ? saved[1].detach().requires_grad_() : saved[1];
    at::Tensor output;
    {
      const c10::AutoGradMode with_gradients(true);
      const Autocast autocast(call.device, call.autocast);
      at::Generator generator = call.generator;
      const at::Tensor present = generator.get_state();
      generator.set_state(call.random_state);
      output = call.layer(hidden, or_none(bias));
      generator.set_state(present);
    }
    torch::autograd::backward({output}, {gradients[0]});
    return {hidden.grad(), has_bias ? bias.grad() : at::Tensor(), at::Tensor()};
  }

 private:
  struct Holder : torch::CustomClassHolder {
    explicit Holder(std::shared_ptr<Call> held) : call(std::move(held)) {}
    std::shared_ptr<Call> call;
  };
};

}  // namespace

at::Tensor recomputed(const at::Tensor& hidden, const at::Tensor& bias,
                      const std::optional<at::Generator>& generator, LayerFunction layer) {
  const at::Generator random =
      generator ? *generator : at::globalContext().defaultGenerator(hidden.device());
  auto call = std::make_shared<Call>(Call{std::move(layer), random, random.get_state(),
                                          hidden.device().type(),
                                          Autocast::is_enabled(hidden.device().type())});
  // Were no input to ask for a gradient, the layer's parameters would not get theirs.
  const at::Tensor input = hidden.requires_grad() ? hidden : hidden.detach().requires_grad_();
  return Recomputed::apply(input, bias.defined() ? bias : at::empty({0}), call);
}

}  // namespace spencer
