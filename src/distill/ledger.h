// The ledger's lines, and the results kept in attempts' folders.
#pragma once

#include <filesystem>
#include <vector>

#include "spencer/distill/distiller.h"

namespace spencer {

/// Writes one line per record; the file appears whole or as it was. @throws Error{io}
void write_ledger(const std::filesystem::path& file, const std::vector<StudentRecord>& records);

/// A line of the ledger, without the judgement's decision. @throws Error{corrupt}
StudentRecord read_record(const std::filesystem::path& file);

}  // namespace spencer
