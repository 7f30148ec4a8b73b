#include "model/libtorch_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/model/engine.h"

#include "model/model_test_support.h"
#include "scoped_variable.h"

namespace spencer {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

namespace {

void touch(const fs::path& path) {
  fs::create_directories(path.parent_path());
  write_file_atomically(path, "");
}

const char* const kPackages = "lib/python3.11/site-packages";

}  // namespace

TEST(LibtorchSearch, TheBuildTreeKnowsItsOwn) {
  EXPECT_TRUE(fs::exists(find_libtorch().folder / "libtorch_cpu.so"));
}

TEST(LibtorchSearch, ANamedOneIsTakenInEachOfItsFolders) {
  const ScratchFolder scratch;
  const fs::path library = scratch.path() / "torch" / "lib" / "libtorch_cpu.so";
  touch(library);
  for (const fs::path& named :
       {scratch.path(), scratch.path() / "torch", scratch.path() / "torch" / "lib"}) {
    const ScopedVariable variable("SPENCER_LIBTORCH", named.string());
    EXPECT_TRUE(fs::equivalent(find_libtorch().folder, library.parent_path())) << named;
  }
}

TEST(LibtorchSearch, ANamedFolderWithoutItIsAnError) {
  const ScratchFolder scratch;
  const ScopedVariable variable("SPENCER_LIBTORCH", scratch.path().string());
  try {
    find_libtorch();
    FAIL() << "took an empty folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.what(), HasSubstr(scratch.path().string()));
  }
}

TEST(LibtorchSearch, PackagesOfThePythonOnThePath) {
  const ScratchFolder scratch;
  touch(scratch.path() / "bin" / "python3");
  touch(scratch.path() / kPackages / "torch" / "lib" / "libtorch_cpu.so");
  const ScopedVariable path("PATH", (scratch.path() / "bin").string());
  EXPECT_THAT(python_package_folders(), Contains(scratch.path() / kPackages));
}

TEST(LibtorchSearch, AVirtualEnvironmentLeadsToItsBase) {
  const ScratchFolder scratch;
  const fs::path base = scratch.path() / "base", environment = scratch.path() / "environment";
  touch(environment / "bin" / "python3");
  write_file_atomically(environment / "pyvenv.cfg",
                        "home = " + (base / "bin").string() + "\nversion = 3.11.2\n");
  fs::create_directories(base / kPackages);
  const ScopedVariable path("PATH", (environment / "bin").string());
  EXPECT_THAT(python_package_folders(), Contains(base / kPackages));
}

TEST(LibtorchSearch, TheExplanationSaysHowToGetOneAndWhereItLooked) {
  LibtorchSearch search;
  search.visited = {"/somewhere/torch"};
  EXPECT_THAT(search.explanation(), HasSubstr("pip install torch==2.11.0"));
  EXPECT_THAT(search.explanation(), HasSubstr("SPENCER_LIBTORCH="));
  EXPECT_THAT(search.explanation(), HasSubstr("/somewhere/torch"));
}

TEST(EngineOptions, EachFieldIsChecked) {
  const auto refused = [](auto change) {
    EngineOptions options;
    change(options);
    EXPECT_THROW(options.validate(), Error);
  };
  EXPECT_NO_THROW(EngineOptions{}.validate());
  for (const char* device : {"gpu", "cuda:", "cuda:x", "cuda:-1", ""}) {
    refused([&](EngineOptions& options) { options.device = device; });
  }
  refused([](EngineOptions& options) { options.threads = -1; });
  refused([](EngineOptions& options) { options.batch_tokens = -1; });
  refused([](EngineOptions& options) { options.exit_layer = -1; });
}

TEST(Engine, RoomOfAnotherSizeIsRefused) {
  EngineOptions options;
  options.device = "cpu";
  const auto encoder = load_engine().text_encoder(model_data("tiny-bert"), options);
  const std::vector<TokenSequence> one{TokenSequence{{5, 6}, {}}};
  std::vector<float> out(31);
  try {
    encoder->encode(one, out);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::shape);
  }
}

TEST(Engine, CudaByNameIsAnErrorWhereThereIsNone) {
  if (fs::exists("/dev/nvidia0")) GTEST_SKIP() << "this machine has a CUDA device";
  EngineOptions options;
  options.device = "cuda";
  try {
    load_engine().text_encoder(model_data("tiny-bert"), options);
    FAIL() << "encoded on a device that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.what(), HasSubstr("device 'cuda' cannot be used"));
  }
}

}  // namespace spencer
