#include "spencer/nn/safetensors.h"

#include <cstring>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SafetensorsTest : public ::testing::Test {
 protected:
  SafetensorsTest()
      : folder_(fs::temp_directory_path() / ("spencer_safetensors_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~SafetensorsTest() override { fs::remove_all(folder_); }

  fs::path file(const std::string& header, std::size_t data_bytes) const {
    const std::uint64_t size = header.size();
    std::string bytes(sizeof size, '\0');
    std::memcpy(bytes.data(), &size, sizeof size);
    const fs::path path = folder_ / "model.safetensors";
    write_file_atomically(path, bytes + header + std::string(data_bytes, '\x01'));
    return path;
  }

  /// What opening a file with this header says.
  std::string refusal(const std::string& header, std::size_t data_bytes) const {
    return refusal_of(file(header, data_bytes));
  }
  static std::string refusal_of(const fs::path& path) {
    try {
      Weights::open_file(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
      return error.what();
    }
    return "accepted";
  }

  fs::path folder_;
};

TEST_F(SafetensorsTest, WhatIsWrittenReadsBack) {
  const fs::path path = folder_ / "model.safetensors";
  const at::Tensor weight = at::arange(6, at::kFloat).view({2, 3});
  write_safetensors(path, {{"a.weight", weight.t()},  // strided
                           {"half", weight.to(at::kBFloat16)},
                           {"ids", at::arange(3, at::kLong)},
                           {"scalar", at::scalar_tensor(7.5)}});
  const Weights weights = Weights::open(folder_);
  EXPECT_THAT(weights.names(), ElementsAre("a.weight", "half", "ids", "scalar"));
  EXPECT_TRUE(weights.tensor("a.weight", {3, 2}).equal(weight.t()));
  EXPECT_TRUE(weights.tensor("half").equal(weight.to(at::kBFloat16)));
  EXPECT_EQ(weights.tensor("ids").scalar_type(), at::kLong);
  EXPECT_EQ(weights.tensor("scalar").item<float>(), 7.5f);
  EXPECT_THROW(write_safetensors(path, {{"a", weight}, {"a", weight}}), Error);
}

// The bytes of a small file as the reference implementation writes it.
TEST_F(SafetensorsTest, BytesAreThoseOfTheFormat) {
  const fs::path path = folder_ / "model.safetensors";
  write_safetensors(path, {{"x", at::ones({1}, at::kFloat)}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::string bytes = read_file(path);
  ASSERT_EQ(header.size(), 85u);
  EXPECT_EQ(bytes[0], 88);  // padded with spaces to a multiple of 8
  EXPECT_EQ(bytes.substr(8, 88), header + "   ");
  EXPECT_EQ(bytes.substr(96), std::string("\0\0\x80\x3f", 4));
}

TEST_F(SafetensorsTest, TensorsOutliveTheReader) {
  const fs::path path = folder_ / "model.safetensors";
  write_safetensors(path, {{"x", at::full({1000}, 3.0)}});
  const at::Tensor x = Weights::open(folder_).tensor("x");
  EXPECT_EQ(x.sum().item<double>(), 3000);
}

TEST_F(SafetensorsTest, MissingAndMisshapenTensorsAreNamed) {
  write_safetensors(folder_ / "model.safetensors", {{"x", at::ones({2, 3})}});
  const Weights weights = Weights::open(folder_);
  try {
    weights.tensor("y");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(), HasSubstr("'y'"));
  }
  try {
    weights.tensor("x", {3, 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape);
    EXPECT_THAT(error.what(), HasSubstr("'x' is [2, 3] where config.json makes it [3, 2]"));
  }
}

TEST_F(SafetensorsTest, LiesOfTheHeaderAreRefused) {
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
    return R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}}";
  };
  EXPECT_EQ(refusal(one("F32", "[2]", "[0,8]"), 8), "accepted");
  EXPECT_THAT(refusal(one("F32", "[3]", "[0,8]"), 8), HasSubstr("make 12"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[0,8]"), 7), HasSubstr("1 bytes beyond the file"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[0,8]"), 9), HasSubstr("1 bytes at its end"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[4,12]"), 12), HasSubstr("begins at byte 4"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[8,0]"), 8), HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal(one("F32", "[4294967296,4294967296,4294967296]", "[0,8]"), 8),
              HasSubstr("overflows"));
  EXPECT_THAT(refusal(one("F32", "[-2]", "[0,8]"), 8), HasSubstr("not made of sizes"));
  EXPECT_THAT(refusal(one("F32", "[2]", "[0,1.5]"), 8), HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"x":{"dtype":"F32","shape":[2]}})", 8), HasSubstr("no data_offsets"));
  EXPECT_THAT(refusal(R"({"x":7})", 8), HasSubstr("no description"));
  EXPECT_THAT(refusal("[]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{", 0), HasSubstr("not JSON"));
}

TEST_F(SafetensorsTest, OverlapsAndRepeatedNamesAreRefused) {
  const std::string x = R"("x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  const std::string y = R"("y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]})";
  EXPECT_THAT(refusal("{" + x + "," + y + "}", 8), HasSubstr("'y' begins at byte 4"));
  EXPECT_THAT(refusal("{" + x + "," + x + "}", 8), HasSubstr("'x' stands twice"));
}

TEST_F(SafetensorsTest, TruncationAtEveryLengthIsRefused) {
  const fs::path path = folder_ / "model.safetensors";
  write_safetensors(path, {{"x", at::ones({2, 3})}, {"y", at::ones({4})}});
  const std::string whole = read_file(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file_atomically(path, whole.substr(0, size));
    EXPECT_NE(refusal_of(path), "accepted") << size << " of " << whole.size() << " bytes";
  }
}

TEST_F(SafetensorsTest, AHugeHeaderIsRefusedUnread) {
  const fs::path path = folder_ / "model.safetensors";
  write_file_atomically(path, std::string(8, '\xff') + "{}");
  EXPECT_THAT(refusal_of(path), HasSubstr("claims 18446744073709551615 bytes"));
}

TEST_F(SafetensorsTest, AnUnknownTypeIsNamedWhenItIsNeeded) {
  const fs::path path = file(R"({"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", 8);
  const Weights weights = Weights::open_file(path);
  try {
    weights.tensor("x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("F8_E4M3"));
  }
}

TEST_F(SafetensorsTest, ShardsMustBeThereAndDisjoint) {
  const auto index = [&](const std::string& map) {
    write_file_atomically(folder_ / "model.safetensors.index.json",
                          R"({"weight_map": )" + map + "}");
  };
  index(R"({"x": "one.safetensors", "y": "two.safetensors"})");
  write_safetensors(folder_ / "one.safetensors", {{"x", at::ones({2})}});
  EXPECT_THROW(Weights::open(folder_), Error);  // two.safetensors is missing
  write_safetensors(folder_ / "two.safetensors", {{"y", at::ones({3})}});
  EXPECT_THAT(Weights::open(folder_).names(), ElementsAre("x", "y"));
  write_safetensors(folder_ / "two.safetensors", {{"x", at::ones({3})}});
  EXPECT_THROW(Weights::open(folder_), Error);  // x stands in both
  index(R"({"x": "../elsewhere/one.safetensors"})");
  EXPECT_THROW(Weights::open(folder_), Error);
  index("{}");
  EXPECT_THROW(Weights::open(folder_), Error);
}

}  // namespace spencer
