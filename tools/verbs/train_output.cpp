#include "verbs/train_output.h"

#include <cstdio>
#include <ostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "progress_display.h"
#include "terminal.h"

namespace spencer {
namespace {

std::string scientific(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return text;
}

std::string figures_text(const ValidationFigures& figures) {
  std::string text;
  for (const auto& [name, value] : figures) {
    text += (text.empty() ? "" : "  ") + name + " " + fixed(value, 4);
  }
  return text;
}

std::string line_of(const StepReport& step) {
  return "step " + with_thousands(step.step) + "/" + with_thousands(step.steps) + "  loss " +
         fixed(step.loss, 4) + "  lr " + scientific(step.learning_rate) + "  " +
         fixed(step.pairs_per_s, 1) + " pairs/s  " +
         with_thousands(static_cast<std::int64_t>(step.tokens_per_s)) + " tokens/s  " +
         clock_time(step.seconds_left) + " left  " +
         with_thousands(step.memory_bytes / (1024 * 1024)) + " MiB";
}

/// "; 3 repeated ones left out; ..."
std::string left_out(std::int64_t repeated, std::int64_t empty) {
  std::string text;
  if (repeated > 0) text += "; " + with_thousands(repeated) + " repeated ones left out";
  if (empty > 0) text += "; " + with_thousands(empty) + " empty ones left out";
  return text;
}

std::string counted(std::size_t count) { return with_thousands(static_cast<std::int64_t>(count)); }

}  // namespace

std::string description(const PairSet& pairs) {
  return counted(pairs.pairs().size()) + " pairs of " + counted(pairs.queries().size()) +
         " queries and " + counted(pairs.codes().size()) + " codes" +
         left_out(pairs.report().repeated, pairs.report().empty);
}

std::string description(const DualPairs& pairs) {
  std::string text;
  if (!pairs.text.pairs().empty()) text = description(pairs.text);
  if (!pairs.code.pairs().empty()) {
    text += (text.empty() ? "codes for codes: " : "; codes for codes: ") + description(pairs.code);
  }
  return text;
}

std::string description(const SnippetSet& snippets) {
  return counted(snippets.snippets().size()) + " snippets of " +
         counted(snippets.repositories().size()) + " repositories" +
         left_out(snippets.report().repeated, snippets.report().empty);
}

TrainDisplay::TrainDisplay(std::ostream& out, const OutputOptions& output)
    : out_(out), quiet_(output.quiet), terminal_(is_terminal(STDERR_FILENO)) {
  if (quiet_) return;
  if (terminal_) width_ = terminal_width(STDERR_FILENO);
  progress_ = terminal_ ? make_progress_bar(out, width_)
                        : make_progress_lines(out, std::chrono::seconds(30));
}

void TrainDisplay::begin(const std::string& data) {
  if (!quiet_) out_ << data << std::endl;
}

void TrainDisplay::step(const StepReport& step) {
  if (quiet_) return;
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(30);
  if (step.step > 1 && step.step < step.steps && Clock::now() - shown_ < interval) return;
  shown_ = Clock::now();
  const std::string line = line_of(step);
  if (terminal_) {
    out_ << "\r\x1b[K" << line.substr(0, static_cast<std::size_t>(width_ - 1)) << std::flush;
  } else {
    out_ << line << std::endl;
  }
}

void TrainDisplay::validation(const ValidationReport& report) {
  if (quiet_) return;
  end();
  out_ << "validation at step " << with_thousands(report.step) << ": "
       << figures_text(report.figures) << (report.best ? "  (best)" : "") << std::endl;
}

void TrainDisplay::end() {
  if (!quiet_ && terminal_) out_ << "\r\x1b[K" << std::flush;
}

void write_train_text(std::ostream& out, const TrainReport& report) {
  out << with_thousands(report.steps) << " steps in " << duration(report.seconds) << ", "
      << fixed(report.pairs_per_s, 1) << " pairs/s, "
      << with_thousands(static_cast<std::int64_t>(report.tokens_per_s)) << " tokens/s";
  if (report.stopped_early) out << "; stopped early";
  out << "\n";
  if (report.best_step >= 0) {
    out << "best at step " << with_thousands(report.best_step) << ": " << figures_text(report.best)
        << "\n";
  }
  out << "model: " << report.model.string() << "\n";
}

void write_train_json(std::ostream& out, const TrainReport& report) {
  nlohmann::ordered_json object = {{"steps", report.steps},
                                   {"seconds", report.seconds},
                                   {"pairs_per_s", report.pairs_per_s},
                                   {"tokens_per_s", report.tokens_per_s},
                                   {"stopped_early", report.stopped_early},
                                   {"model", report.model.string()}};
  if (report.best_step >= 0) {
    object["best_step"] = report.best_step;
    for (const auto& [name, value] : report.best) object["best"][name] = value;
  }
  out << object.dump() << "\n";
}

}  // namespace spencer
