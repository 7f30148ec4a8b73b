#include "nn/packed_linear.h"

#include <algorithm>
#include <ctime>
#include <exception>

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>

#include "spencer/base/error.h"
#include "spencer/nn/layers.h"

#include "nn/unsplit.h"

namespace spencer {
namespace {

constexpr std::int64_t kTypicalRows = 512;  // the layout is chosen for about so many tokens

template <typename Signature>
c10::TypedOperatorHandle<Signature> find_operator(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

at::Tensor pointwise(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                     const char* ending, const char* algorithm) {
  using Signature = at::Tensor(
      const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view,
      c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);
  static const auto op = find_operator<Signature>("mkldnn::_linear_pointwise", "");
  return op.call(x, packed, bias, ending, c10::List<std::optional<at::Scalar>>(), algorithm);
}

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Asked by multiplying: oneDNN obeys the CPU and its own settings (ONEDNN_MAX_CPU_ISA).
bool has_bfloat16_products() {
  static const bool has = [] {
    const c10::InferenceMode inference;
    const at::Tensor x = at::ones({16, 16}, at::kBFloat16);
    try {
      packed_linear(x, pack_weight(x), {});
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }();
  return has;
}

/// A product the size of a small encoder's feed-forward layer, and the least time it took.
class TimedProduct {
 public:
  explicit TimedProduct(at::ScalarType type)
      : x_(at::ones({128, 384}, type)),
        packed_(pack_weight(at::ones({1536, 384}, type))),
        bias_(at::zeros({1536}, type)) {
    packed_linear(x_, packed_, bias_);  // the first one compiles
  }
  void run() {
    const double start = thread_seconds();
    packed_linear(x_, packed_, bias_);
    least_ = std::min(least_, thread_seconds() - start);
  }
  double least() const { return least_; }

 private:
  at::Tensor x_, packed_, bias_;
  double least_ = 1e9;
};

}  // namespace

at::Tensor pack_weight(const at::Tensor& weight) {
  using Signature = at::Tensor(const at::Tensor&, std::optional<std::int64_t>);
  static const auto op = find_operator<Signature>("mkldnn::_reorder_linear_weight", "");
  return op.call(weight.contiguous(), kTypicalRows);
}

at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
  return pointwise(x, packed, bias, "none", "none");
}

at::Tensor packed_linear_activated(const at::Tensor& x, const at::Tensor& packed,
                                   const at::Tensor& bias, const std::string& activation) {
  if (activation == "gelu") return pointwise(x, packed, bias, "gelu", "none");
  if (activation == "gelu_new" || activation == "gelu_pytorch_tanh") {
    return pointwise(x, packed, bias, "gelu", "tanh");
  }
  return activate(packed_linear(x, packed, bias), activation);
}

at::Tensor packed_linear_added(const at::Tensor& x, const at::Tensor& packed,
                               const at::Tensor& bias, const at::Tensor& other) {
  using Signature = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                               const std::optional<at::Tensor>&, c10::string_view);
  static const auto op = find_operator<Signature>("mkldnn::_linear_pointwise", "binary");
  return op.call(x, other, packed, bias, "add");
}

void require_bfloat16(at::Device device) {
  if (!device.is_cpu() || has_bfloat16_products()) return;
  throw Error(ErrorKind::unsupported,
              "bfloat16 needs AVX-512 (avx512bw, avx512vl and avx512dq) or AVX-NE-CONVERT, which "
              "libtorch does not find on this CPU; use --precision float32 or auto");
}

bool cpu_prefers_bfloat16() {
  static const bool prefers = [] {
    const c10::InferenceMode inference;
    const UnsplitOperations unsplit;  // else a busy machine has the time spent waiting for threads
    try {
      TimedProduct single(at::kFloat), half(at::kBFloat16);
      for (int i = 0; i < 12; ++i) {  // in turns, so that a busy machine disturbs both alike
        single.run();
        half.run();
      }
      return single.least() > 1.3 * half.least();
    } catch (const std::exception&) {
      return false;  // a CPU without bfloat16 products
    }
  }();
  return prefers;
}

}  // namespace spencer
