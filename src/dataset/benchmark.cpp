#include "spencer/dataset/benchmark.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "spencer/base/hash.h"

#include "dataset/benchmark_builder.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<fs::path>;

/// The pool's file: as given, or `name` beside the data; empty where neither is there.
fs::path pool_file(const BenchmarkOptions& options, const Files& files, const std::string& name) {
  return options.pool.empty() ? plain_or_gz(files.front().parent_path(), name) : options.pool;
}

void load_csn(const Files& files, const BenchmarkOptions& options, ReadContext& context,
              BenchmarkBuilder& builder) {
  const fs::path pool = pool_file(options, files, "codebase.jsonl");
  if (!pool.empty()) {
    read_csn_codes(pool, context,
                   [&](TextItem&& item, Where where) { builder.add_code(std::move(item), where); });
  }
  for (const fs::path& file : files) {
    read_csn(file, context, pool.empty(), [&](CsnItem&& item, Where where) {
      std::int64_t answer = 0;
      if (pool.empty()) {
        answer = builder.add_code({item.id, std::move(item.code)}, where);
      } else {
        answer = builder.code(item.id, where);
      }
      builder.add_query({std::move(item.id), std::move(item.query)}, {{answer, 1}}, where);
    });
  }
}

void load_cosqa(const Files& files, const BenchmarkOptions& options, ReadContext& context,
                BenchmarkBuilder& builder) {
  const fs::path pool = pool_file(options, files, "code_idx_map.txt");
  if (!pool.empty()) {
    read_cosqa_pool(pool, context, [&](TextItem&& item, Where where) {
      builder.add_code(std::move(item), where);
    });
  }
  for (const fs::path& file : files) {
    read_cosqa(file, context, [&](CosqaItem&& item, Where where) {
      if (!item.right) return;
      std::int64_t answer = 0;
      if (!pool.empty()) {
        if (!item.pool_id) {
          throw Error(ErrorKind::corrupt, where + "field \"retrieval_idx\" is missing");
        }
        answer = builder.code(*item.pool_id, where);
      } else if (item.pool_id) {
        throw Error(ErrorKind::not_found, "the pool code_idx_map.txt is not beside " +
                                              file.string() + "; name it with --pool");
      } else if (item.code.empty()) {
        throw Error(ErrorKind::corrupt, where + "field \"code\" is missing or empty");
      } else {
        answer = builder.add_code({item.id, std::move(item.code)}, where);
      }
      builder.add_query({std::move(item.id), std::move(item.query)}, {{answer, 1}}, where);
    });
  }
}

/// CodeBERT's test batches pair every query with every code of the batch, all labelled 1: there
/// the right answer is the code with the query's own url.
bool is_matrix(const fs::path& file) {
  ReadContext context(ReadOptions{});
  std::vector<CodeSplitItem> items;
  try {
    read_codesplit(file, context, [&](CodeSplitItem&& item, Where) {
      items.push_back(std::move(item));
      if (items.size() == 2) throw Error(ErrorKind::interrupted, "");
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) return false;
  }
  return items.size() == 2 && items[0].right && items[1].right &&
         items[0].first_id == items[1].first_id && items[0].query == items[1].query &&
         items[0].second_id != items[1].second_id;
}

void load_codesplit(const Files& files, ReadContext& context, BenchmarkBuilder& builder) {
  for (const fs::path& file : files) {
    const bool matrix = is_matrix(file);
    read_codesplit(file, context, [&](CodeSplitItem&& item, Where where) {
      if (!item.right) return;
      if (!matrix) {
        const std::int64_t code = builder.add_code({item.first_id, std::move(item.code)}, where);
        builder.add_query({std::move(item.first_id), std::move(item.query)}, {{code, 1}}, where);
        return;
      }
      const std::int64_t code =
          builder.has_code(item.second_id)
              ? builder.code(item.second_id, where)
              : builder.add_code({item.second_id, std::move(item.code)}, where);
      const std::int64_t query =
          builder.has_query(item.first_id)
              ? builder.query(item.first_id)
              : builder.add_query({item.first_id, std::move(item.query)}, {}, where);
      if (item.first_id == item.second_id) {
        builder.benchmark().answers[static_cast<std::size_t>(query)].push_back({code, 1});
      }
    });
  }
}

void load_flag(const Files& files, ReadContext& context, BenchmarkBuilder& builder) {
  std::unordered_map<Hash128, std::int64_t> code_of_text;
  const auto pooled = [&](std::string&& text, Where where) {
    const auto next = static_cast<std::int64_t>(code_of_text.size());
    const auto [found, is_new] = code_of_text.emplace(hash128(text), next);
    if (is_new) builder.add_code({"code-" + std::to_string(next), std::move(text)}, where);
    return found->second;
  };
  for (const fs::path& file : files) {
    read_flag(file, context, [&](FlagItem&& item, Where where) {
      std::vector<RightAnswer> answers;
      for (std::string& text : item.positives) {
        const std::int64_t code = pooled(std::move(text), where);
        const bool repeated = std::any_of(answers.begin(), answers.end(),
                                          [&](const RightAnswer& a) { return a.code == code; });
        if (!repeated) answers.push_back({code, 1});
      }
      for (std::string& text : item.negatives) pooled(std::move(text), where);
      builder.add_query({std::move(item.id), std::move(item.query)}, std::move(answers), where);
    });
  }
}

void load_poj104(const Files& files, ReadContext& context, BenchmarkBuilder& builder) {
  std::map<std::string, std::vector<std::int64_t>> groups;
  for (const fs::path& file : files) {
    read_poj104(file, context, [&](PojItem&& item, Where where) {
      const std::string text = item.code;
      groups[item.label].push_back(builder.add_code({item.id, std::move(item.code)}, where));
      builder.add_query({std::move(item.id), text}, {}, where);
    });
  }
  Benchmark& benchmark = builder.benchmark();
  benchmark.code_to_code = true;
  benchmark.excluded.resize(benchmark.queries.size());
  for (const auto& [label, members] : groups) {
    for (const std::int64_t query : members) {
      benchmark.excluded[static_cast<std::size_t>(query)] = query;
      for (const std::int64_t code : members) {
        if (code != query) {
          benchmark.answers[static_cast<std::size_t>(query)].push_back({code, 1});
        }
      }
    }
  }
}

std::string text_description(DataFormat format, TextForm form) {
  if (format != DataFormat::csn) return "as given";
  switch (form) {
    case TextForm::automatic: return "docstring_tokens and code_tokens where given";
    case TextForm::tokens: return "docstring_tokens and code_tokens";
    case TextForm::raw: return "docstring, and code without it";
  }
  return {};
}

std::string benchmark_name(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();
  if (fs::is_directory(path)) return path.filename().string();
  if (path.extension() == ".gz") path.replace_extension();
  return path.stem().string();
}

}  // namespace

Benchmark load_benchmark(std::span<const fs::path> data, const BenchmarkOptions& options) {
  if (data.empty()) throw Error(ErrorKind::invalid_argument, "no data was given");
  if (!fs::exists(data[0])) throw Error(ErrorKind::not_found, "no such file: " + data[0].string());
  const DataFormat format =
      options.format == DataFormat::automatic ? detect_format(data[0]) : options.format;
  ReadContext context(options);
  BenchmarkBuilder builder;
  if (format == DataFormat::beir) {
    if (data.size() > 1) {
      throw Error(ErrorKind::invalid_argument, "a BEIR benchmark is one folder");
    }
    builder.benchmark() = read_beir(data[0], context);
  } else {
    const Files files = data_files(data, options.split);
    switch (format) {
      case DataFormat::csn: load_csn(files, options, context, builder); break;
      case DataFormat::cosqa: load_cosqa(files, options, context, builder); break;
      case DataFormat::codesplit: load_codesplit(files, context, builder); break;
      case DataFormat::flag: load_flag(files, context, builder); break;
      case DataFormat::poj104: load_poj104(files, context, builder); break;
      default:
        throw Error(ErrorKind::invalid_argument,
                    "the format " + to_string(format) + " is not a benchmark of queries and codes");
    }
  }
  Benchmark benchmark = std::move(builder.benchmark());
  benchmark.name = benchmark_name(data[0]);
  benchmark.format = format;
  benchmark.text = text_description(format, options.text);
  benchmark.report = context.report();
  benchmark.excluded.resize(benchmark.queries.size(), -1);
  benchmark.paired = benchmark.queries.size() == benchmark.codes.size();
  for (std::size_t i = 0; i < benchmark.queries.size() && benchmark.paired; ++i) {
    const auto& answers = benchmark.answers[i];
    benchmark.paired = answers.size() == 1 && answers[0].code == static_cast<std::int64_t>(i);
  }
  check(benchmark);
  return benchmark;
}

namespace {

void check_ids(const std::vector<TextItem>& items, const char* what) {
  std::unordered_set<std::string_view> seen;
  for (const TextItem& item : items) {
    if (!seen.insert(item.id).second) {
      throw Error(ErrorKind::corrupt,
                  std::string("the ") + what + " id \"" + item.id + "\" is used twice");
    }
  }
}

}  // namespace

void check(const Benchmark& benchmark) {
  const std::string name = benchmark.name + ": ";
  if (benchmark.codes.empty()) throw Error(ErrorKind::corrupt, name + "the pool is empty");
  if (benchmark.queries.empty()) throw Error(ErrorKind::corrupt, name + "there is no query");
  check_ids(benchmark.codes, "code");
  check_ids(benchmark.queries, "query");
  const auto pool = static_cast<std::int64_t>(benchmark.codes.size());
  for (std::size_t i = 0; i < benchmark.queries.size(); ++i) {
    const std::string query = name + "query \"" + benchmark.queries[i].id + "\" ";
    // Judgement files may hold queries judged to have no right answer; they score 0.
    if (benchmark.answers[i].empty() && benchmark.format != DataFormat::beir) {
      throw Error(ErrorKind::corrupt, query + "has no right answer");
    }
    for (const RightAnswer& answer : benchmark.answers[i]) {
      if (answer.code < 0 || answer.code >= pool || answer.code == benchmark.excluded[i]) {
        throw Error(ErrorKind::corrupt, query + "has a right answer outside the pool");
      }
    }
  }
}

}  // namespace spencer
