// The reference values of scripts/golden, and what the tests hold against them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "spencer/model/engine.h"
#include "spencer/nn/safetensors.h"

#include "model/model_test_support.h"
#include "rounding.h"

namespace spencer {

inline constexpr std::int64_t kTinyWidth = 48;  // terms of the tiny models' widest sum

/// The reference values of one model: "<i>.ids", "<i>.hidden", ...
struct Golden {
  explicit Golden(const std::string& name)
      : values(Weights::open_file(model_data(name + ".safetensors"))) {
    while (values.contains(std::to_string(sequences.size()) + ".ids")) {
      const std::string key = std::to_string(sequences.size());
      sequences.push_back({ids(key + ".ids"), ids(key + ".types")});
    }
    EXPECT_GE(sequences.size(), 4u);
  }

  TokenIds ids(const std::string& key) const {
    if (!values.contains(key)) return {};
    const at::Tensor tensor = values.tensor(key);
    const auto* data = tensor.const_data_ptr<std::int32_t>();
    return {data, data + tensor.numel()};
  }
  at::Tensor of(std::size_t i, const std::string& what) const {
    return values.tensor(std::to_string(i) + "." + what);
  }

  Weights values;
  std::vector<TokenSequence> sequences;
};

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

/// Three tokens and every n-th dimension of all layers' states, as the golden script keeps them.
inline at::Tensor sampled(const std::vector<at::Tensor>& states, std::int64_t start,
                          std::int64_t length) {
  const at::Tensor rows = at::tensor({start, start + length / 2, start + length - 1}, at::kLong);
  const at::Tensor stacked = at::stack(states).index_select(1, rows);
  return stacked.slice(2, 0, std::nullopt, stacked.size(2) / 32);
}

inline at::Tensor encode(const std::filesystem::path& folder,
                         const std::vector<TokenSequence>& sequences,
                         const EngineOptions& options) {
  const auto encoder = load_engine().text_encoder(folder, options);
  at::Tensor out =
      at::empty({static_cast<std::int64_t>(sequences.size()), encoder->dimension()}, at::kFloat);
  encoder->encode(sequences, {out.data_ptr<float>(), static_cast<std::size_t>(out.numel())});
  return out;
}

inline EngineOptions cpu(Precision precision) {
  EngineOptions options;
  options.device = "cpu";
  options.precision = precision;
  options.threads = 2;
  return options;
}

}  // namespace spencer
