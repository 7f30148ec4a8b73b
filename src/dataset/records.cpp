#include "spencer/dataset/records.h"

#include "spencer/base/error.h"

#include "dataset/readers.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using PairSink = std::function<void(TextPair&&)>;

void read_beir_pairs(const fs::path& folder, ReadContext& context, const PairSink& sink) {
  const Benchmark benchmark = read_beir(folder, context);
  for (std::size_t i = 0; i < benchmark.queries.size(); ++i) {
    for (const RightAnswer& answer : benchmark.answers[i]) {
      const TextItem& query = benchmark.queries[i];
      sink({query.id,
            query.text,
            benchmark.codes[static_cast<std::size_t>(answer.code)].text,
            {},
            {}});
    }
  }
}

void read_file_pairs(const fs::path& file, DataFormat format, ReadContext& context,
                     const PairSink& sink) {
  switch (format) {
    case DataFormat::csn:
      read_csn(file, context, true, [&](CsnItem&& item, Where) {
        sink({std::move(item.id),
              std::move(item.query),
              std::move(item.code),
              {},
              std::move(item.repository)});
      });
      return;
    case DataFormat::cosqa:
      read_cosqa(file, context, [&](CosqaItem&& item, Where where) {
        if (!item.right) return;
        if (item.code.empty()) {
          throw Error(ErrorKind::corrupt, where + "field \"code\" is missing or empty");
        }
        sink({std::move(item.id), std::move(item.query), std::move(item.code), {}, {}});
      });
      return;
    case DataFormat::codesplit:
      read_codesplit(file, context, [&](CodeSplitItem&& item, Where) {
        if (!item.right) return;
        sink({std::move(item.first_id), std::move(item.query), std::move(item.code), {}, {}});
      });
      return;
    case DataFormat::flag:
      read_flag(file, context, [&](FlagItem&& item, Where) {
        for (std::string& positive : item.positives) {
          sink({item.id, item.query, std::move(positive), item.negatives, {}});
        }
      });
      return;
    case DataFormat::beir: read_beir_pairs(file, context, sink); return;
    case DataFormat::automatic:
    case DataFormat::poj104:
    case DataFormat::csn_challenge: break;
  }
  throw Error(ErrorKind::invalid_argument, file.string() + ": the format " + to_string(format) +
                                               " holds no (query, code) pairs");
}

}  // namespace

ReadReport read_pairs(std::span<const fs::path> data, const ReadOptions& options,
                      const PairSink& sink) {
  ReadContext context(options);
  for (const fs::path& path : data) {
    if (!fs::exists(path)) throw Error(ErrorKind::not_found, "no such file: " + path.string());
    const DataFormat format =
        options.format == DataFormat::automatic ? detect_format(path) : options.format;
    if (format == DataFormat::beir) {
      read_file_pairs(path, format, context, sink);
      continue;
    }
    for (const fs::path& file : data_files({&path, 1}, options.split)) {
      read_file_pairs(file, format, context, sink);
    }
  }
  return context.report();
}

}  // namespace spencer
