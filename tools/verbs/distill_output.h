// What `spencer distill` shows: a line when a student is tried and judged, and a table of all.
#pragma once

#include <iosfwd>
#include <string>

#include "spencer/distill/distiller.h"

namespace spencer {

std::string attempt_line(const Attempt& attempt);
std::string scored_line(const StudentRecord& record);
std::string judgement_line(const StudentRecord& record);

void write_distill_text(std::ostream& out, const DistillReport& report);
/// One object: the ledger's lines, and which is the result.
void write_distill_json(std::ostream& out, const DistillReport& report);

}  // namespace spencer
