// Approximate search against exact, on vectors that cluster as embeddings do.
#include <fstream>
#include <set>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "store/fixture.h"
#include "store/generation.h"

namespace spencer {
namespace {

constexpr std::int64_t kAnnDimension = 64;
constexpr int kRecords = 12000;

/// Points of a low-dimensional curved sheet with noise, about 300 topics of unequal size: near
/// neighbours exist, as they do among the functions of a repository.
class Topics {
 public:
  Topics() : random_(11) {
    for (auto* matrix : {&basis_, &centres_}) {
      matrix->resize(static_cast<std::size_t>(kAnnDimension) * 300);
      for (float& x : *matrix) x = normal_(random_);
    }
  }
  std::vector<float> next() {
    const std::size_t topic =
        static_cast<std::size_t>(300 * std::pow(uniform_(random_), 2.0)) * kAnnDimension;
    std::vector<float> vector(static_cast<std::size_t>(kAnnDimension));
    for (std::size_t i = 0; i < vector.size(); ++i) {
      vector[i] = centres_[topic + i] + 0.3f * normal_(random_);
    }
    for (std::size_t latent = 0; latent < 12; ++latent) {
      const float weight = 0.35f * normal_(random_);
      for (std::size_t i = 0; i < vector.size(); ++i) {
        vector[i] += weight * basis_[latent * kAnnDimension + i];
      }
    }
    float sum = 0;
    for (const float x : vector) sum += x * x;
    for (float& x : vector) x /= std::sqrt(sum);
    return vector;
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<float> basis_, centres_;
};

void write_index(const fs::path& folder, AnnKind kind) {
  IndexManifest manifest = settings(kAnnDimension);
  manifest.ann = kind;
  const auto writer = IndexWriter::open(folder, manifest);
  Topics topics;
  for (int f = 0; f < kRecords / 50; ++f) {
    const std::string path = (f % 10 == 0 ? "rare/" : "common/") + std::to_string(f) + ".py";
    writer->add_file(file_entry(path));
    for (int i = 0; i < 50; ++i) {
      const CodeRecord record = code_record(path, i + 1, i + 1);
      writer->add_record(record, text_of(record), topics.next());
    }
  }
  writer->commit();
}

std::set<RecordId> ids(const std::vector<ScoredRecord>& hits) {
  std::set<RecordId> found;
  for (const auto& hit : hits) found.insert(hit.id);
  return found;
}

class AnnTest : public ::testing::TestWithParam<AnnKind> {
 protected:
  static double recall(const IndexReader& exact, const IndexReader& approximate,
                       const RecordFilter& filter) {
    constexpr int kQueries = 100, kTop = 10;
    Topics topics;
    for (int i = 0; i < 33333; ++i) topics.next();  // none of the indexed ones
    std::size_t common = 0;
    for (int q = 0; q < kQueries; ++q) {
      const auto query = topics.next();
      const auto expected = exact.search(query, kTop, filter);
      const auto found = approximate.search(query, kTop, filter);
      EXPECT_EQ(found.size(), expected.size());
      for (std::size_t i = 1; i < found.size(); ++i) EXPECT_GE(found[i - 1].score, found[i].score);
      const auto right = ids(expected);
      for (const RecordId id : ids(found)) common += right.count(id);
    }
    return static_cast<double>(common) / (kQueries * kTop);
  }
};

TEST_P(AnnTest, FindsAlmostAllThatExactSearchFinds) {
  const TemporaryFolder temporary;
  write_index(temporary.path() / "exact", AnnKind::exact);
  write_index(temporary.path() / "ann", GetParam());
  const auto exact = IndexReader::open(temporary.path() / "exact");
  const auto approximate = IndexReader::open(temporary.path() / "ann");
  const double all = recall(*exact, *approximate, {});
  RecordProperty("recall_at_10", std::to_string(all));
  EXPECT_GE(all, GetParam() == AnnKind::hnsw ? 0.98 : 0.93);
  // A filter this narrow is answered exactly.
  EXPECT_EQ(recall(*exact, *approximate, {.path_globs = {"rare/"}}), 1.0);
  EXPECT_NO_THROW(approximate->verify());

  // faiss trusts its files, so a damaged one must not reach it.
  const fs::path path = current_generation(temporary.path() / "ann").folder / kAnnFile;
  const std::string whole = read_file(path);
  for (std::size_t i = 0; i < 30; ++i) {
    std::string damaged = whole;
    damaged[i * whole.size() / 30] ^= 0x20;
    std::ofstream(path, std::ios::binary) << damaged;
    const auto reader = IndexReader::open(temporary.path() / "ann");
    EXPECT_THROW(reader->search(unit_vector(1, kAnnDimension), 10, {}), Error) << i;
  }
  std::ofstream(path, std::ios::binary) << whole.substr(1);
  EXPECT_THROW(IndexReader::open(temporary.path() / "ann"), Error);
}

TEST_P(AnnTest, SmallIndexesAreSearchedExactly) {
  const TemporaryFolder temporary;
  IndexManifest manifest = settings();
  manifest.ann = GetParam();
  const auto writer = IndexWriter::open(temporary.path(), manifest);
  add_functions(*writer, "a.py", 300);
  writer->commit();
  EXPECT_FALSE(fs::exists(current_generation(temporary.path()).folder / kAnnFile));
  const auto reader = IndexReader::open(temporary.path());
  EXPECT_EQ(reader->manifest().ann, GetParam());
  EXPECT_EQ(reader->search(unit_vector(1, 16), 300, {}).size(), 300u);
}

TEST_P(AnnTest, ManyResultsAndWideFiltersComeComplete) {
  const TemporaryFolder temporary;
  write_index(temporary.path(), GetParam());
  const auto reader = IndexReader::open(temporary.path());
  EXPECT_EQ(reader->search(unit_vector(1, kAnnDimension), 1000, {}).size(), 1000u);
  EXPECT_EQ(reader->search(unit_vector(1, kAnnDimension), kRecords + 5, {}).size(),
            static_cast<std::size_t>(kRecords));
  EXPECT_EQ(reader->search(unit_vector(1, kAnnDimension), 1000, {.path_globs = {"!rare/"}}).size(),
            1000u);
}

TEST_P(AnnTest, BuildingCanBeStopped) {
  const TemporaryFolder temporary;
  IndexManifest manifest = settings();
  manifest.ann = GetParam();
  const auto writer = IndexWriter::open(temporary.path(), manifest);
  add_functions(*writer, "a.py", 12000);
  StopFlag stop;
  stop.request();
  EXPECT_THROW(writer->commit(&stop), Error);
  EXPECT_THROW(IndexReader::open(temporary.path()), Error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnnTest, ::testing::Values(AnnKind::hnsw, AnnKind::ivfpq),
                         [](const auto& test) {
                           return test.param == AnnKind::hnsw ? "Hnsw" : "IvfPq";
                         });

}  // namespace
}  // namespace spencer
