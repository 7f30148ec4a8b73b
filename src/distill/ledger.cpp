#include "distill/ledger.h"

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

namespace spencer {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json json_of(const StudentRecord::Stage& stage) {
  ordered_json figures;
  for (const auto& [name, interval] : stage.figures) {
    figures[name] = {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
  }
  return figures;
}

/// The figures that are there, in their own order.
StudentRecord::Stage stage_of(const std::string& name, const json& object) {
  StudentRecord::Stage stage{name, {}};
  for (const char* figure : {"mrr", "acc@1", "acc@5"}) {
    const json& values = object.at(figure);
    stage.figures.emplace_back(
        figure, Interval{values.at("mean").get<double>(), values.at("low").get<double>(),
                         values.at("high").get<double>()});
  }
  return stage;
}

}  // namespace

std::string ledger_line(const StudentRecord& record) {
  const Attempt& attempt = record.judgement.attempt;
  const bool original = attempt.number == kOriginal;
  ordered_json line = {{"attempt", attempt.number}, {"layers", attempt.layers}};
  if (!original) {
    line["teacher"] = attempt.teacher;
    line["folder"] = record.folder.generic_string();
    line["loss_weights"] = {{"dual", record.dual_weight}, {"single", record.single_weight}};
    line["steps"] = record.steps;
    line["seconds"] = record.seconds;
  }
  for (const StudentRecord::Stage& stage : record.stages) {
    line["stages"][stage.name] = json_of(stage);
  }
  line["kept"] = record.kept;
  line["query_encode_ms"] = record.query_encode_ms;
  line["original_query_encode_ms"] = record.original_query_encode_ms;
  line["speedup"] = record.judgement.outcome.speedup;
  line["decision"] = original ? "original" : to_string(record.judgement.decision);
  if (!original) line["why"] = record.judgement.why;
  return line.dump();
}

void write_ledger(const std::filesystem::path& file, const std::vector<StudentRecord>& records) {
  std::string lines;
  for (const StudentRecord& record : records) lines += ledger_line(record) + "\n";
  write_file_atomically(file, lines);
}

StudentRecord read_record(const std::filesystem::path& file) {
  StudentRecord record;
  try {
    const json line = json::parse(read_file(file));
    Attempt& attempt = record.judgement.attempt;
    line.at("attempt").get_to(attempt.number);
    line.at("layers").get_to(attempt.layers);
    if (attempt.number != kOriginal) {
      line.at("teacher").get_to(attempt.teacher);
      record.folder = line.at("folder").get<std::string>();
      line.at("loss_weights").at("dual").get_to(record.dual_weight);
      line.at("loss_weights").at("single").get_to(record.single_weight);
      line.at("steps").get_to(record.steps);
      line.at("seconds").get_to(record.seconds);
    }
    for (const char* name : {"recall", "rerank"}) {
      const json& stages = line.at("stages");
      if (stages.contains(name)) record.stages.push_back(stage_of(name, stages.at(name)));
    }
    line.at("kept").get_to(record.kept);
    line.at("query_encode_ms").get_to(record.query_encode_ms);
    line.at("original_query_encode_ms").get_to(record.original_query_encode_ms);
    line.at("speedup").get_to(record.judgement.outcome.speedup);
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": " + error.what() +
                                        "; remove the file to score the attempt again");
  }
  if (record.stages.empty()) {
    throw Error(ErrorKind::corrupt,
                file.string() + ": no figures; remove the file to score the attempt again");
  }
  record.judgement.outcome.overall = record.overall();
  return record;
}

}  // namespace spencer
