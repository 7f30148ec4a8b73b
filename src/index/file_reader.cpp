#include "index/file_reader.h"

#include <utility>

#include "spencer/index/embedding_text.h"

namespace spencer {

ReadFile read_source(const ReadOptions& options, const std::string& path, const Hash128* known) {
  ReadFile file;
  const LoadedSource source = load_source(options.root, path, options.walk);
  if (source.skipped) {
    file.skipped = source.reason;
    return file;
  }
  file.content = hash128(source.text);
  if (known != nullptr && file.content == *known) return file;
  file.records = extract(path, source.text, source.language, options.extract);
  for (const CodeRecord& record : file.records) {
    file.texts.push_back(hash128(embedding_text(record)));
    file.bytes += static_cast<std::int64_t>(sizeof record + record.docstring.size() +
                                            record.code.size() + record.path.size());
  }
  return file;
}

}  // namespace spencer
