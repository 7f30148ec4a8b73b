#include "store/ann.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/utils/distances.h>

#include "spencer/base/error.h"

#include "store/generation.h"
#include "store/output_file.h"

namespace spencer {
namespace {

using Id = faiss::Index::idx_t;

constexpr int kHnswLinks = 32;              // per row; twice as many on the lowest level
constexpr int kHnswBuildEffort = 80;        // efConstruction
constexpr int kHnswSearchEffort = 128;      // efSearch, at least
constexpr Id kBuildBatch = 1024;            // rows added between two looks at the stop flag
constexpr std::int64_t kPqCandidates = 32;  // candidates per result, scored again exactly
constexpr Id kRowsPerCentroid = 64;         // to learn from; more change little
constexpr int kTrainingRounds = 10;

/// The rows of the map as the storage that faiss's HNSW reads from.
class MappedRows final : public faiss::Index {
 public:
  MappedRows(const VectorFile& vectors, Id rows)
      : faiss::Index(vectors.dimension(), faiss::METRIC_INNER_PRODUCT), vectors_(vectors) {
    ntotal = rows;
  }
  void add(idx_t n, const float*) override { ntotal += n; }  // the rows are in the map already
  void search(idx_t, const float*, idx_t, float*, idx_t*,
              const faiss::SearchParameters*) const override {
    throw Error(ErrorKind::internal, "mapped rows are searched through HNSW only");
  }
  void reset() override { ntotal = 0; }
  void reconstruct(idx_t key, float* out) const override {
    std::ranges::copy(vectors_.row(key), out);
  }
  faiss::DistanceComputer* get_distance_computer() const override { return new Computer(vectors_); }

 private:
  struct Computer final : faiss::DistanceComputer {
    explicit Computer(const VectorFile& source) : vectors(source) {}
    void set_query(const float* x) override { query = x; }
    float product(const float* x, idx_t row) const {
      return faiss::fvec_inner_product(x, vectors.row(row).data(),
                                       static_cast<std::size_t>(vectors.dimension()));
    }
    float operator()(idx_t row) override { return product(query, row); }
    float symmetric_dis(idx_t a, idx_t b) override { return product(vectors.row(a).data(), b); }

    const VectorFile& vectors;
    const float* query = nullptr;
  };

  const VectorFile& vectors_;
};

/// Rows that a filter lets through.
class RangeSelector final : public faiss::IDSelector {
 public:
  explicit RangeSelector(const RowRanges& ranges) : ranges_(ranges) {}
  bool is_member(idx_t id) const override {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), id,
                                        [](Id row, const RowRange& r) { return row < r.begin; });
    return after != ranges_.begin() && id < std::prev(after)->end;
  }

 private:
  const RowRanges& ranges_;
};

class FileWriter final : public faiss::IOWriter {
 public:
  explicit FileWriter(const std::filesystem::path& path)
      : file_(path, OutputFile::Mode::replace, 1 << 20) {
    name = path.string();
  }
  size_t operator()(const void* data, size_t size, size_t count) override {
    file_.append({static_cast<const std::byte*>(data), size * count});
    return count;
  }
  void finish() {
    file_.flush();
    file_.sync();
  }

 private:
  OutputFile file_;
};

class MemoryReader final : public faiss::IOReader {
 public:
  MemoryReader(std::span<const std::byte> bytes, const std::filesystem::path& path) : rest_(bytes) {
    name = path.string();
  }
  size_t operator()(void* out, size_t size, size_t count) override {
    if (size == 0) return 0;
    const size_t whole = std::min(count, rest_.size() / size);
    if (whole > 0) std::memcpy(out, rest_.data(), whole * size);
    rest_ = rest_.subspan(whole * size);
    return whole;
  }

 private:
  std::span<const std::byte> rest_;
};

/// Lets faiss's clustering see the stop flag while it lives; faiss has one such hook a process.
class InterruptScope {
 public:
  explicit InterruptScope(const StopFlag* stop) {
    if (stop != nullptr) faiss::InterruptCallback::instance = std::make_unique<Callback>(*stop);
  }
  ~InterruptScope() { faiss::InterruptCallback::clear_instance(); }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct Callback final : faiss::InterruptCallback {
    explicit Callback(const StopFlag& flag) : stop(flag) {}
    bool want_interrupt() override { return stop.requested(); }
    const StopFlag& stop;
  };
};

void add_rows(faiss::Index& index, const VectorFile& vectors, const StopFlag* stop) {
  for (Id row = 0; row < vectors.rows(); row += kBuildBatch) {
    if (stop != nullptr) stop->check();
    index.add(std::min(kBuildBatch, vectors.rows() - row), vectors.row(row).data());
  }
}

/// Puts another storage under an HNSW graph. @return the one that was there
faiss::Index* exchange_storage(faiss::IndexHNSW& index, faiss::Index* storage) {
  return std::exchange(index.storage, storage);
}

void build_hnsw(FileWriter& file, const VectorFile& vectors, const StopFlag* stop) {
  MappedRows rows(vectors, 0);
  faiss::IndexHNSWFlat index(static_cast<int>(vectors.dimension()), kHnswLinks,
                             faiss::METRIC_INNER_PRODUCT);
  index.hnsw.efConstruction = kHnswBuildEffort;
  // The graph goes to the file with the empty storage it was made with: the rows are in
  // vectors.f32.
  faiss::Index* empty = exchange_storage(index, &rows);
  index.own_fields = false;
  const std::unique_ptr<faiss::Index> owner(empty);
  add_rows(index, vectors, stop);
  exchange_storage(index, empty);
  faiss::write_index(&index, &file);
}

/// Keeps faiss off its matrix products while it lives: the BLAS beside a static faiss is often the
/// plain reference one, many times slower than faiss's own loops.
class OwnLoopsScope {
 public:
  OwnLoopsScope()
      : before_(std::exchange(faiss::distance_compute_blas_threshold,
                              std::numeric_limits<int>::max())) {}
  ~OwnLoopsScope() { faiss::distance_compute_blas_threshold = before_; }
  OwnLoopsScope(const OwnLoopsScope&) = delete;
  OwnLoopsScope& operator=(const OwnLoopsScope&) = delete;

 private:
  int before_;
};

/// Evenly spaced rows to learn `centroids` centres from.
std::vector<float> training_rows(const VectorFile& vectors, std::size_t centroids) {
  const Id count = std::min(vectors.rows(), kRowsPerCentroid * static_cast<Id>(centroids));
  std::vector<float> sample;
  sample.reserve(static_cast<std::size_t>(count * vectors.dimension()));
  for (Id i = 0; i < count; ++i) {
    const auto row = vectors.row(i * vectors.rows() / count);
    sample.insert(sample.end(), row.begin(), row.end());
  }
  return sample;
}

void build_ivfpq(FileWriter& file, const VectorFile& vectors, const StopFlag* stop) {
  const auto dimension = static_cast<std::size_t>(vectors.dimension());
  const auto lists = static_cast<std::size_t>(2 * std::sqrt(static_cast<double>(vectors.rows())));
  std::size_t codes = 1;  // bytes a row; each stands for at least 8 numbers
  for (std::size_t n = 1; n <= dimension / 8; ++n) {
    if (dimension % n == 0) codes = n;
  }
  faiss::IndexFlatIP quantizer(static_cast<Id>(dimension));
  faiss::IndexIVFPQ index(&quantizer, dimension, lists, codes, 8, faiss::METRIC_INNER_PRODUCT);
  for (faiss::ClusteringParameters* learning : {&index.cp, &index.pq.cp}) {
    learning->min_points_per_centroid = 1;  // faiss would print a warning for few points otherwise
    learning->max_points_per_centroid = kRowsPerCentroid;
    learning->niter = kTrainingRounds;
  }
  index.nprobe = std::max<std::size_t>(16, lists / 3);
  const OwnLoopsScope own_loops;
  const auto sample = training_rows(vectors, std::max<std::size_t>(lists, 256));
  index.train(static_cast<Id>(sample.size() / dimension), sample.data());
  add_rows(index, vectors, stop);
  faiss::write_index(&index, &file);
}

/// Searches either structure for candidates and scores those exactly.
class FaissSearch final : public AnnSearch {
 public:
  FaissSearch(std::unique_ptr<faiss::Index> index, const VectorFile& vectors)
      : rows_(vectors, vectors.rows()), index_(std::move(index)), vectors_(vectors) {
    if (auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(index_.get())) {
      delete exchange_storage(*hnsw, &rows_);
      hnsw->own_fields = false;
    }
  }

  std::vector<ScoredRecord> search(std::span<const float> query, std::int64_t k,
                                   const RowRanges& ranges) const override {
    const bool graph = dynamic_cast<const faiss::IndexHNSW*>(index_.get()) != nullptr;
    const std::int64_t wanted = std::min(vectors_.rows(), graph ? k : k * kPqCandidates);
    std::vector<float> scores(static_cast<std::size_t>(wanted));
    std::vector<Id> ids(static_cast<std::size_t>(wanted), -1);
    RangeSelector selector(ranges);
    const bool filtered = count_rows(ranges) < vectors_.rows();
    const auto parameters = make_parameters(wanted, filtered ? &selector : nullptr);
    index_->search(1, query.data(), wanted, scores.data(), ids.data(), parameters.get());
    std::erase_if(ids, [this](Id id) { return id < 0 || id >= vectors_.rows(); });
    return best_of(vectors_, query, k, ids);
  }

 private:
  std::unique_ptr<faiss::SearchParameters> make_parameters(std::int64_t wanted,
                                                           faiss::IDSelector* selector) const {
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(index_.get())) {
      auto parameters = std::make_unique<faiss::IVFPQSearchParameters>();
      parameters->nprobe = ivf->nprobe;
      parameters->sel = selector;
      return parameters;
    }
    auto parameters = std::make_unique<faiss::SearchParametersHNSW>();
    parameters->efSearch = std::max(kHnswSearchEffort, static_cast<int>(2 * wanted));
    // faiss 1.7.3 sizes its candidate queue by the graph's own field, whatever the parameters say.
    static_cast<faiss::IndexHNSW&>(*index_).hnsw.efSearch = parameters->efSearch;
    parameters->sel = selector;
    return parameters;
  }

  MappedRows rows_;
  std::unique_ptr<faiss::Index> index_;
  const VectorFile& vectors_;
};

}  // namespace

void build_ann(const std::filesystem::path& path, AnnKind kind, const VectorFile& vectors,
               const StopFlag* stop) {
  const InterruptScope interrupt(stop);
  FileWriter file(path);
  try {
    if (kind == AnnKind::hnsw) {
      build_hnsw(file, vectors, stop);
    } else {
      build_ivfpq(file, vectors, stop);
    }
  } catch (const faiss::FaissException& failure) {
    if (stop != nullptr) stop->check();
    throw Error(ErrorKind::internal, "cannot build " + path.string() + ": " + failure.what());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::out_of_memory, "not enough memory to build " + path.string() +
                                              "; exact search (--ann exact) needs none");
  }
  file.finish();
}

std::unique_ptr<AnnSearch> AnnSearch::load(std::span<const std::byte> bytes, AnnKind kind,
                                           const VectorFile& vectors,
                                           const std::filesystem::path& path) {
  MemoryReader reader(bytes, path);
  std::unique_ptr<faiss::Index> index;
  try {
    index.reset(faiss::read_index(&reader));
  } catch (const faiss::FaissException& failure) {
    throw_corrupt(path, failure.what());
  }
  const bool fits = kind == AnnKind::hnsw
                        ? dynamic_cast<faiss::IndexHNSWFlat*>(index.get()) != nullptr
                        : dynamic_cast<faiss::IndexIVFPQ*>(index.get()) != nullptr;
  if (!fits || index->ntotal != vectors.rows() || index->d != vectors.dimension()) {
    throw_corrupt(path, "it is not the search structure of these vectors");
  }
  return std::make_unique<FaissSearch>(std::move(index), vectors);
}

}  // namespace spencer
