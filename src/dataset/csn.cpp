// CodeSearchNet's JSON lines, with the field names of GraphCodeBERT and CodeXGLUE.
#include <initializer_list>

#include "dataset/json_records.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

using nlohmann::json;

/// The first of `names` that the record has, or the first of all.
const char* field_of(const json& record, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (has_field(record, name)) return name;
  }
  return *names.begin();
}

const char* query_tokens_field(const json& record) {
  return field_of(record, {"docstring_tokens"});
}
const char* code_tokens_field(const json& record) {
  return field_of(record, {"code_tokens", "function_tokens"});
}
const char* code_field(const json& record) {
  return field_of(record, {"code", "original_string", "function"});
}

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    if (!text.empty()) text += ' ';
    text += token;
  }
  return text;
}

std::string not_empty(std::string text, const char* field, Where where) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw_bad_field(where, field, "is empty");
  }
  return text;
}

bool wants_tokens(TextForm form, const json& record, const char* field) {
  return form == TextForm::tokens || (form == TextForm::automatic && has_field(record, field));
}

std::string query_text(const json& record, TextForm form, Where where) {
  const char* tokens = query_tokens_field(record);
  if (wants_tokens(form, record, tokens)) {
    return not_empty(joined(strings_field(record, tokens, where)), tokens, where);
  }
  return not_empty(string_field(record, "docstring", where), "docstring", where);
}

std::string code_text(const json& record, TextForm form, Where where) {
  const char* tokens = code_tokens_field(record);
  if (wants_tokens(form, record, tokens)) {
    return not_empty(joined(strings_field(record, tokens, where)), tokens, where);
  }
  const char* field = code_field(record);
  std::string code = string_field(record, field, where);
  // CodeSearchNet's code holds its docstring, which is the query.
  const std::string docstring = optional_string_field(record, "docstring", where);
  const std::size_t at = docstring.empty() ? std::string::npos : code.find(docstring);
  if (at != std::string::npos) code.erase(at, docstring.size());
  return not_empty(std::move(code), field, where);
}

std::string record_id(const json& record, const JsonRecords& records,
                      const std::filesystem::path& file) {
  for (const char* name : {"url", "_id", "id", "idx"}) {
    if (has_field(record, name)) return id_field(record, name, records.where());
  }
  return file.filename().string() + ":" + std::to_string(records.line());
}

bool in_split(const json& record, const std::string& split, Where where) {
  if (split.empty() || !has_field(record, "partition")) return true;
  return canonical_split(string_field(record, "partition", where)) == canonical_split(split);
}

std::vector<std::string> optional_strings(const json& record, const char* field, Where where) {
  return has_field(record, field) ? strings_field(record, field, where)
                                  : std::vector<std::string>();
}

CodeSearchNetRecord full_record(const json& record, Where where) {
  const auto text = [&](const char* field) { return optional_string_field(record, field, where); };
  return {.repo = text("repo"),
          .path = text("path"),
          .func_name = text("func_name"),
          .original_string = text("original_string"),
          .language = text("language"),
          .code = string_field(record, code_field(record), where),
          .code_tokens = optional_strings(record, code_tokens_field(record), where),
          .docstring = text("docstring"),
          .docstring_tokens = optional_strings(record, "docstring_tokens", where),
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
      const json record = records.parse();
      if (!in_split(record, context.options().split, where)) return;
      sink({record_id(record, records, file), query_text(record, form, where),
            with_code ? code_text(record, form, where) : std::string(),
            optional_string_field(record, "repo", where)},
           where);
    });
  }
}

void read_csn_codes(const std::filesystem::path& file, ReadContext& context,
                    const std::function<void(TextItem&&, Where)>& sink) {
  for (JsonRecords records(file); records.next();) {
    const std::string where = records.where();
    context.record([&] {
      const json record = records.parse();
      sink({record_id(record, records, file), code_text(record, context.options().text, where)},
           where);
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
        const json record = records.parse();
        if (in_split(record, options.split, where)) sink(full_record(record, where));
      });
    }
  }
  return context.report();
}

}  // namespace spencer
