// One source file, read and cut into records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "spencer/base/hash.h"
#include "spencer/source/extract.h"
#include "spencer/source/record.h"
#include "spencer/source/walk.h"

namespace spencer {

struct ReadOptions {
  std::filesystem::path root;
  WalkOptions walk;
  ExtractOptions extract;
};

struct ReadFile {
  std::optional<SkipReason> skipped;
  Hash128 content;  ///< of the text; of nothing where skipped
  std::vector<CodeRecord> records;
  std::vector<Hash128> texts;  ///< hash of embedding_text() of each record
  std::int64_t bytes = 0;      ///< about what it takes in memory
};

/// @param known a content that needs no cutting: a file that has it comes back without records
ReadFile read_source(const ReadOptions& options, const std::string& path,
                     const Hash128* known = nullptr);

}  // namespace spencer
