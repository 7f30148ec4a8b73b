#include "spencer/dataset/format.h"

#include <algorithm>
#include <set>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

#include "dataset/json_records.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

struct FormatName {
  const char* name;
  DataFormat format;
};
constexpr FormatName kFormats[] = {
    {"auto", DataFormat::automatic}, {"csn", DataFormat::csn},
    {"cosqa", DataFormat::cosqa},    {"codesplit", DataFormat::codesplit},
    {"beir", DataFormat::beir},      {"poj104", DataFormat::poj104},
    {"flag", DataFormat::flag},      {"csn-challenge", DataFormat::csn_challenge}};

struct FormName {
  const char* name;
  TextForm form;
};
constexpr FormName kForms[] = {
    {"auto", TextForm::automatic}, {"tokens", TextForm::tokens}, {"raw", TextForm::raw}};

template <typename Table>
Error unknown_name(const char* what, std::string_view name, const Table& table) {
  std::vector<std::string> names;
  std::string known;
  for (const auto& entry : table) {
    names.emplace_back(entry.name);
    known += (known.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest(name, names);
  return Error(ErrorKind::invalid_argument,
               std::string("unknown ") + what + " \"" + std::string(name) + "\"" +
                   (near.empty() ? "" : "; did you mean \"" + near + "\"?") + " Known: " + known);
}

/// The name without ".gz".
std::string plain_name(const fs::path& path) {
  std::string name = path.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

bool is_data_file(const fs::path& path) {
  const std::string name = plain_name(path);
  if (name.starts_with("codebase.") || name.starts_with("code_idx_map")) return false;
  return name.ends_with(".jsonl") || name.ends_with(".json") || name.ends_with(".txt");
}

/// The split that a path below a data folder names, or empty.
std::string split_of(const fs::path& relative) {
  std::string word;
  std::string found;
  for (const char c : relative.string() + "/") {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    const std::string split = canonical_split(word);
    if (split == "train" || split == "valid" || split == "test") found = split;
    word.clear();
  }
  return found;
}

void add_folder(const fs::path& folder, const std::string& split, std::vector<fs::path>& files) {
  std::vector<fs::path> found;
  std::set<std::string> splits;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_data_file(entry.path())) continue;
    const std::string its_split = split_of(entry.path().lexically_relative(folder));
    if (!split.empty() && its_split != canonical_split(split)) continue;
    splits.insert(its_split);
    found.push_back(entry.path());
  }
  if (split.empty() && splits.size() > 1) {
    throw Error(ErrorKind::invalid_argument, folder.string() +
                                                 " holds more than one split; name one with "
                                                 "--split (train, valid, test) or give its files");
  }
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
}

DataFormat format_of_record(const JsonRecord& record) {
  const auto has = [&](const char* field) { return record.has(field); };
  if (has("retrieval_idx") || (has("doc") && has("idx"))) return DataFormat::cosqa;
  if (has("query") && has("pos")) return DataFormat::flag;
  if (has("docstring_tokens") || has("docstring")) return DataFormat::csn;
  if (has("label") && has("index") && has("code")) return DataFormat::poj104;
  std::string fields;
  for (const auto& member : record.members()) fields += (fields.empty() ? "" : ", ") + member.key;
  throw Error(ErrorKind::corrupt, record.where() + "the format cannot be told from the fields (" +
                                      fields + "); name it with --format");
}

}  // namespace

std::string to_string(DataFormat format) {
  for (const auto& entry : kFormats) {
    if (entry.format == format) return entry.name;
  }
  return "auto";
}

DataFormat parse_data_format(std::string_view name) {
  for (const auto& entry : kFormats) {
    if (name == entry.name) return entry.format;
  }
  throw unknown_name("format", name, kFormats);
}

std::string to_string(TextForm form) {
  for (const auto& entry : kForms) {
    if (entry.form == form) return entry.name;
  }
  return "auto";
}

TextForm parse_text_form(std::string_view name) {
  for (const auto& entry : kForms) {
    if (name == entry.name) return entry.form;
  }
  throw unknown_name("text form", name, kForms);
}

std::string canonical_split(std::string_view split) {
  std::string name(split);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "dev" || name == "validation" ? "valid" : name;
}

fs::path plain_or_gz(const fs::path& folder, const std::string& name) {
  for (const std::string& candidate : {name, name + ".gz"}) {
    if (fs::is_regular_file(folder / candidate)) return folder / candidate;
  }
  return {};
}

std::vector<fs::path> data_files(std::span<const fs::path> data, const std::string& split) {
  std::vector<fs::path> files;
  for (const fs::path& path : data) {
    if (!fs::exists(path)) throw Error(ErrorKind::not_found, "no such file: " + path.string());
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    add_folder(path, split, files);
    if (files.size() == before) {
      throw Error(ErrorKind::not_found, path.string() +
                                            ": no data file (.jsonl, .json, .txt, each also .gz)" +
                                            (split.empty() ? "" : " of split \"" + split + "\""));
    }
  }
  if (files.empty()) throw Error(ErrorKind::not_found, "no data file was given");
  return files;
}

DataFormat detect_format(const fs::path& data) {
  if (fs::is_directory(data)) {
    if (!plain_or_gz(data, "corpus.jsonl").empty()) return DataFormat::beir;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(data)) {
      if (entry.is_regular_file() && is_data_file(entry.path())) files.push_back(entry.path());
    }
    if (files.empty()) data_files({&data, 1}, "");  // says what was looked for
    return detect_format(*std::min_element(files.begin(), files.end()));
  }
  {
    TextSource source(data);
    std::string_view line;
    while (source.next_line(line) && line.empty()) {
    }
    if (line.find("<CODESPLIT>") != std::string_view::npos) return DataFormat::codesplit;
    if (line.find("GitHubUrl") != std::string_view::npos && plain_name(data).ends_with(".csv")) {
      return DataFormat::csn_challenge;
    }
  }
  JsonRecords records(data);
  if (!records.next()) throw Error(ErrorKind::corrupt, data.string() + ": holds no record");
  return format_of_record(records.parse());
}

}  // namespace spencer
