// CodeSearchNet's JSON lines, with the field names of GraphCodeBERT and CodeXGLUE.
#include <initializer_list>

#include "dataset/json_records.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

/// The first of `names` that the record has, or the first of all.
const char* field_of(const JsonRecord& record, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (record.has(name)) return name;
  }
  return *names.begin();
}

constexpr const char* kQueryTokens = "docstring_tokens";
const char* code_tokens_field(const JsonRecord& record) {
  return field_of(record, {"code_tokens", "function_tokens"});
}
const char* code_field(const JsonRecord& record) {
  return field_of(record, {"code", "original_string", "function"});
}

std::string not_blank(std::string text, const char* field, const JsonRecord& record) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) record.bad_field(field, "is empty");
  return text;
}

bool wants_tokens(TextForm form, const JsonRecord& record, const char* field) {
  return form == TextForm::tokens || (form == TextForm::automatic && record.has(field));
}

std::string query_text(const JsonRecord& record, TextForm form) {
  if (wants_tokens(form, record, kQueryTokens)) {
    return not_blank(record.joined(kQueryTokens), kQueryTokens, record);
  }
  return not_blank(record.string("docstring"), "docstring", record);
}

std::string code_text(const JsonRecord& record, TextForm form) {
  const char* tokens = code_tokens_field(record);
  if (wants_tokens(form, record, tokens)) return not_blank(record.joined(tokens), tokens, record);
  const char* field = code_field(record);
  std::string code = record.string(field);
  // CodeSearchNet's code holds its docstring, which is the query.
  const std::string docstring = record.optional_string("docstring");
  const std::size_t at = docstring.empty() ? std::string::npos : code.find(docstring);
  if (at != std::string::npos) code.erase(at, docstring.size());
  return not_blank(std::move(code), field, record);
}

std::string record_id(const JsonRecord& record, const JsonRecords& records,
                      const std::filesystem::path& file) {
  for (const char* name : {"url", "_id", "id", "idx"}) {
    if (record.has(name)) return record.id(name);
  }
  return file.filename().string() + ":" + std::to_string(records.line());
}

bool in_split(const JsonRecord& record, const std::string& split) {
  if (split.empty() || !record.has("partition")) return true;
  return canonical_split(record.string("partition")) == canonical_split(split);
}

std::vector<std::string> optional_strings(const JsonRecord& record, const char* field) {
  return record.has(field) ? record.strings(field) : std::vector<std::string>();
}

CodeSearchNetRecord full_record(const JsonRecord& record) {
  const auto text = [&](const char* field) { return record.optional_string(field); };
  return {.repo = text("repo"),
          .path = text("path"),
          .func_name = text("func_name"),
          .original_string = text("original_string"),
          .language = text("language"),
          .code = record.string(code_field(record)),
          .code_tokens = optional_strings(record, code_tokens_field(record)),
          .docstring = text("docstring"),
          .docstring_tokens = optional_strings(record, kQueryTokens),
          .sha = text("sha"),
          .url = text("url"),
          .partition = text("partition")};
}

}  // namespace

void read_csn(const std::filesystem::path& file, ReadContext& context, bool with_code,
              const std::function<void(CsnItem&&, Where)>& sink) {
  const TextForm form = context.options().text;
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      if (!in_split(record, context.options().split)) return;
      sink({record_id(record, records, file), query_text(record, form),
            with_code ? code_text(record, form) : std::string(), record.optional_string("repo")},
           where);
    });
  }
}

void read_csn_codes(const std::filesystem::path& file, ReadContext& context,
                    const std::function<void(TextItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const JsonRecord record = records.parse();
      sink({record_id(record, records, file), code_text(record, context.options().text)}, where);
    });
  }
}

ReadReport read_code_search_net(std::span<const std::filesystem::path> data,
                                const ReadOptions& options,
                                const std::function<void(CodeSearchNetRecord&&)>& sink) {
  ReadContext context(options);
  for (const auto& file : data_files(data, options.split)) {
    for (JsonRecords records(file); records.next();) {
      const std::string where = records.where();
      context.record([&] {
        const JsonRecord record = records.parse();
        if (in_split(record, options.split)) sink(full_record(record));
      });
    }
  }
  return context.report();
}

ReadReport read_repository_codes(std::span<const std::filesystem::path> files,
                                 const ReadOptions& options,
                                 const std::function<void(RepositoryCode&&)>& sink) {
  ReadContext context(options);
  for (const auto& file : files) {
    for (JsonRecords records(file); records.next();) {
      context.record([&] {
        const JsonRecord record = records.parse();
        const char* code = field_of(record, {"original_string", "code", "function"});
        sink({record_id(record, records, file), record.not_empty_string("repo"),
              record.string(code)});
      });
    }
  }
  return context.report();
}

}  // namespace spencer
