// The other formats' records: CoSQA, <CODESPLIT>, FlagEmbedding, POJ-104, BEIR / CoIR.
#include <algorithm>
#include <charconv>

#include "dataset/json_records.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t at = text.find(separator);
    fields.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return fields;
    text.remove_prefix(at + separator.size());
  }
}

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Which columns of a judgement file hold what.
struct QrelsColumns {
  std::size_t query = 0, document = 1, score = 2;
};

/// Reads a header line in any of its spellings; none if the line is a judgement already.
std::optional<QrelsColumns> header_columns(const std::vector<std::string_view>& fields) {
  if (as_number(fields.back())) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string_view field : fields) {
    std::string name(field);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return c == '_' ? '-' : static_cast<char>(std::tolower(c));
    });
    names.push_back(name);
  }
  const auto column = [&](std::initializer_list<const char*> spellings) {
    return static_cast<std::size_t>(
        std::find_first_of(names.begin(), names.end(), spellings.begin(), spellings.end()) -
        names.begin());
  };
  const QrelsColumns columns{column({"query-id", "qid", "q-id"}),
                             column({"corpus-id", "doc-id", "docid", "pid", "c-id"}),
                             column({"score", "relevance", "label"})};
  const std::size_t last = std::max({columns.query, columns.document, columns.score});
  return last < names.size() ? std::optional(columns) : std::nullopt;
}

}  // namespace

void read_cosqa(const fs::path& file, ReadContext& context,
                const std::function<void(CosqaItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      CosqaItem item;
      item.id = record.id("idx");
      item.query = record.not_empty_string("doc");
      item.code = record.optional_string("code");
      item.right = !record.has("label") || record.integer("label") == 1;
      if (record.has("retrieval_idx")) {
        item.pool_id = record.id("retrieval_idx");
      }
      sink(std::move(item), where);
    });
  }
}

void read_cosqa_pool(const fs::path& file, ReadContext& context,
                     const std::function<void(TextItem&&, Where)>& sink) {
  for (JsonRecords records(file, true); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      const JsonRecord::Member& member = record.members().front();
      sink({std::to_string(record.integer(member.key)), member.key}, where);
    });
  }
}

void read_codesplit(const fs::path& file, ReadContext& context,
                    const std::function<void(CodeSplitItem&&, Where)>& sink) {
  static constexpr const char* kFields[] = {"label", "url", "name", "docstring", "code"};
  TextSource source(file);
  for (std::string_view line; source.next_line(line);) {
    if (line.empty()) continue;
    const std::string where = file.string() + ":" + std::to_string(source.line_number()) + ": ";
    context.record([&] {
      const auto fields = split(line, "<CODESPLIT>");
      if (fields.size() < 5) throw_bad_field(where, kFields[fields.size()], "is missing");
      if (fields.size() > 5) throw Error(ErrorKind::corrupt, where + "more than five fields");
      if (fields[0] != "0" && fields[0] != "1") {
        throw_bad_field(where, "label", "is neither 0 nor 1");
      }
      for (const std::size_t i : {std::size_t{3}, std::size_t{4}}) {
        if (fields[i].empty()) throw_bad_field(where, kFields[i], "is empty");
      }
      sink({fields[0] == "1", std::string(fields[1]), std::string(fields[2]),
            std::string(fields[3]), std::string(fields[4])},
           where);
    });
  }
}

void read_flag(const fs::path& file, ReadContext& context,
               const std::function<void(FlagItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      FlagItem item;
      item.id = file.filename().string() + ":" + std::to_string(records.line());
      item.query = record.not_empty_string("query");
      item.positives = record.strings("pos");
      if (item.positives.empty()) record.bad_field("pos", "is empty");
      if (record.has("neg")) item.negatives = record.strings("neg");
      sink(std::move(item), where);
    });
  }
}

void read_poj104(const fs::path& file, ReadContext& context,
                 const std::function<void(PojItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      sink({record.id("index"), record.id("label"), record.not_empty_string("code")}, where);
    });
  }
}

void read_beir_texts(const fs::path& file, ReadContext& context,
                     const std::function<void(TextItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      const char* id = record.has("_id") ? "_id" : "id";
      std::string text = record.string("text");
      const std::string title = record.optional_string("title");
      if (!title.empty()) text = title + " " + text;
      sink({record.has(id) ? record.id(id) : record.id("_id"), std::move(text)}, where);
    });
  }
}

void read_beir_qrels(const fs::path& file, ReadContext& context,
                     const std::function<void(BeirJudgement&&, Where)>& sink) {
  TextSource source(file);
  QrelsColumns columns;
  bool first = true;
  for (std::string_view line; source.next_line(line);) {
    if (line.empty()) continue;
    const auto fields = split(line, "\t");
    if (std::exchange(first, false)) {
      if (const auto header = header_columns(fields)) {
        columns = *header;
        continue;
      }
      if (fields.size() == 4) columns = {0, 2, 3};  // TREC's form, with its unused second column
    }
    const std::string where = file.string() + ":" + std::to_string(source.line_number()) + ": ";
    context.record([&] {
      const auto field = [&](std::size_t column, const char* name) {
        if (column >= fields.size() || fields[column].empty()) {
          throw_bad_field(where, name, "is missing");
        }
        return fields[column];
      };
      BeirJudgement judgement{std::string(field(columns.query, "query-id")),
                              std::string(field(columns.document, "corpus-id")), 0};
      const auto score = as_number(field(columns.score, "score"));
      if (!score) throw_bad_field(where, "score", "is not a number");
      judgement.score = *score;
      sink(std::move(judgement), where);
    });
  }
}

}  // namespace spencer
