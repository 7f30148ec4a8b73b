#include "verbs/distill_output.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "json_output.h"
#include "progress_display.h"
#include "table.h"

namespace spencer {
namespace {

std::string layers_text(std::int64_t layers) {
  return std::to_string(layers) + (layers == 1 ? " layer" : " layers");
}

std::string teacher_text(const Attempt& attempt) {
  return attempt.teacher == kOriginal ? "the original"
                                      : "attempt " + std::to_string(attempt.teacher);
}

const Interval& figure(const StudentRecord::Stage& stage, const std::string& name) {
  return std::find_if(stage.figures.begin(), stage.figures.end(),
                      [&](const auto& each) { return each.first == name; })
      ->second;
}

std::string with_interval(const Interval& interval) {
  return fixed(interval.mean, 4) + " [" + fixed(interval.low, 4) + ", " + fixed(interval.high, 4) +
         "]";
}

TableRow row_of(const StudentRecord& record) {
  const Attempt& attempt = record.judgement.attempt;
  const bool original = attempt.number == kOriginal;
  const StudentRecord::Stage& overall = record.stages.back();
  return {std::to_string(attempt.number),
          std::to_string(attempt.layers),
          original ? "" : teacher_text(attempt),
          with_interval(figure(record.stages.front(), "mrr")),
          with_interval(figure(overall, "mrr")),
          fixed(figure(overall, "acc@1").mean, 4),
          fixed(figure(overall, "acc@5").mean, 4),
          fixed(100 * record.kept, 2) + " %",
          fixed(record.query_encode_ms, 2) + " / " + fixed(record.original_query_encode_ms, 2),
          fixed(record.judgement.outcome.speedup, 2),
          original ? "original" : to_string(record.judgement.decision)};
}

}  // namespace

std::string attempt_line(const Attempt& attempt) {
  return "attempt " + std::to_string(attempt.number) + ": " + layers_text(attempt.layers) +
         " taught by " + teacher_text(attempt);
}

std::string scored_line(const StudentRecord& record) {
  const Attempt& attempt = record.judgement.attempt;
  std::string line = attempt.number == kOriginal
                         ? "original: " + layers_text(attempt.layers)
                         : "attempt " + std::to_string(attempt.number) + ":";
  line += "  dual MRR " + fixed(figure(record.stages.front(), "mrr").mean, 4);
  line += "  overall MRR " + fixed(record.overall(), 4);
  line += "  query in " + fixed(record.query_encode_ms, 2) + " ms";
  if (attempt.number == kOriginal) return line;
  return line + " (the original " + fixed(record.original_query_encode_ms, 2) + " ms)";
}

std::string judgement_line(const StudentRecord& record) {
  return "attempt " + std::to_string(record.judgement.attempt.number) + " " +
         to_string(record.judgement.decision) + ": " + record.judgement.why;
}

void write_distill_text(std::ostream& out, const DistillReport& report) {
  std::vector<TableRow> rows = {
      {"attempt", "layers", "taught by", "dual MRR", "overall MRR", "acc@1", "acc@5", "kept",
       "query / original's, ms", "speed-up", "decision"},
      row_of(report.original)};
  for (const StudentRecord& record : report.attempts) rows.push_back(row_of(record));
  write_table(out, rows, Align::left);
  if (!report.attempts.empty()) {
    out << "loss: " << fixed(report.attempts.front().dual_weight, 2) << " x dual + "
        << fixed(report.attempts.front().single_weight, 2) << " x single\n";
  }
  if (report.result == kOriginal) {
    out << "no student is good enough: the model keeps the original's query encoder. Allow more "
           "(--max-decline), or train longer (--epochs)\n";
  } else {
    out << "result: attempt " << report.result << "\n";
  }
  out << "model: " << report.model.string() << "\n";
}

void write_distill_json(std::ostream& out, const DistillReport& report) {
  using nlohmann::ordered_json;
  const auto line = [](const StudentRecord& record) {
    return ordered_json::parse(ledger_line(record));
  };
  ordered_json object = {{"original", line(report.original)},
                         {"attempts", ordered_json::array()},
                         {"result", report.result},
                         {"model", report.model.string()}};
  for (const StudentRecord& record : report.attempts) object["attempts"].push_back(line(record));
  out << json_text(object) << "\n";
}

}  // namespace spencer
