#include "verbs/index.h"

#include <iostream>
#include <ostream>
#include <string>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "exit_code.h"
#include "json_output.h"
#include "model_path.h"
#include "option_kinds.h"
#include "progress_display.h"
#include "terminal.h"

namespace spencer {
namespace {

constexpr const char* kIndexExamples = R"(
What .gitignore or .spencerignore names is left out. Run again, it embeds only what changed.

Examples:
  spencer index
  spencer index ~/src/project --model ~/models/all-mpnet-base-v2
  spencer index --dry-run | less
  spencer index --ann hnsw --device cuda
)";

std::string count_of(std::int64_t count, const std::string& one) {
  return with_thousands(count) + " " + one + (count == 1 ? "" : "s");
}

void write_skipped(std::ostream& out, const std::map<std::string, std::int64_t>& skipped) {
  std::int64_t total = 0;
  std::string reasons;
  for (const auto& [reason, count] : skipped) {
    total += count;
    reasons += (reasons.empty() ? "" : ", ") + with_thousands(count) + " " + reason;
  }
  if (total > 0) out << "  skipped: " << reasons << '\n';
}

void write_summary(std::ostream& out, const IndexSummary& summary, const std::string& folder) {
  if (!summary.fresh_start.empty()) {
    out << "Indexed from scratch: " << printable(summary.fresh_start) << '\n';
  }
  out << (summary.up_to_date ? "Up to date: " : "Indexed ") << count_of(summary.files, "file")
      << ", " << count_of(summary.functions, "function") << " and "
      << count_of(summary.records - summary.functions, "other piece") << " in "
      << duration(summary.seconds) << '\n';
  if (!summary.up_to_date) {
    out << "  files: " << with_thousands(summary.added_files) << " new, "
        << with_thousands(summary.changed_files) << " changed, "
        << with_thousands(summary.removed_files) << " gone\n";
    out << "  embedded: " << count_of(summary.embedded, "text");
    if (summary.embedded > 0) {
      out << " in " << duration(summary.embedding_seconds) << ", "
          << with_thousands(static_cast<std::int64_t>(summary.embedded_per_second())) << "/s";
    }
    out << "; taken over: " << with_thousands(summary.reused) << '\n';
  }
  write_skipped(out, summary.skipped);
  out << "  index: " << printable(folder) << '\n';
}

void write_summary_json(std::ostream& out, const IndexSummary& summary, const std::string& folder) {
  nlohmann::ordered_json object;
  object["index"] = folder;
  object["up_to_date"] = summary.up_to_date;
  object["fresh_start"] = summary.fresh_start;
  object["files"] = summary.files;
  object["records"] = summary.records;
  object["functions"] = summary.functions;
  object["added_files"] = summary.added_files;
  object["changed_files"] = summary.changed_files;
  object["removed_files"] = summary.removed_files;
  object["embedded"] = summary.embedded;
  object["reused"] = summary.reused;
  object["skipped"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : summary.skipped) object["skipped"][reason] = count;
  object["seconds"] = summary.seconds;
  object["embedding_seconds"] = summary.embedding_seconds;
  object["embedded_per_second"] = summary.embedded_per_second();
  out << json_text(object) << '\n';
}

void write_plan(std::ostream& out, const IndexPlan& plan) {
  std::int64_t bytes = 0;
  for (const PlannedFile& file : plan.files) {
    out << "index  " << printable(file.path) << "  (" << file.language << ", "
        << with_thousands(file.bytes) << " bytes, " << to_string(file.state) << ")\n";
    bytes += file.bytes;
  }
  for (const SkippedPath& path : plan.skipped) {
    out << "skip   " << printable(path.path) << "  (" << to_string(path.reason) << ")\n";
  }
  for (const std::string& path : plan.removed) out << "remove " << printable(path) << '\n';
  out << "would index " << count_of(static_cast<std::int64_t>(plan.files.size()), "file") << " ("
      << count_of(bytes, "byte") << "), skip " << with_thousands(std::ssize(plan.skipped))
      << ", remove " << with_thousands(std::ssize(plan.removed)) << '\n';
}

void write_plan_json(std::ostream& out, const IndexPlan& plan) {
  const auto line = [&](const char* action, const std::string& path) {
    return nlohmann::ordered_json{{"action", action}, {"path", path}};
  };
  for (const PlannedFile& file : plan.files) {
    nlohmann::ordered_json object = line("index", file.path);
    object["language"] = file.language;
    object["bytes"] = file.bytes;
    object["state"] = to_string(file.state);
    out << json_text(object) << '\n';
  }
  for (const SkippedPath& path : plan.skipped) {
    nlohmann::ordered_json object = line("skip", path.path);
    object["reason"] = to_string(path.reason);
    out << json_text(object) << '\n';
  }
  for (const std::string& path : plan.removed) out << json_text(line("remove", path)) << '\n';
}

}  // namespace

void add_index(CLI::App& app, IndexArgs& args) {
  IndexOptions& options = args.options;
  app.description("Read a source tree, embed its functions, and keep them in an index");
  app.footer(kIndexExamples);
  app.add_option("path", options.root, "The tree to index")
      ->type_name("PATH")
      ->capture_default_str();
  add_index_folder(app, options.index_folder);
  app.add_flag("--dry-run", args.dry_run, "List what would be indexed and skipped, and why");
  app.add_flag("--rebuild", options.rebuild, "Take nothing over from the index that is there");
  add_choice<AnnKind>(
      app, "--ann", options.ann,
      {{"exact", AnnKind::exact}, {"hnsw", AnnKind::hnsw}, {"ivfpq", AnnKind::ivfpq}},
      "How to search: exact, or approximately and faster in a large index");
  app.add_option("--max-file-size", options.walk.max_file_bytes, "Skip larger files")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_flag("--hidden", options.walk.hidden, "Take hidden files too");
  app.add_flag("--generated", options.walk.generated, "Take generated and minified files too");
  app.add_flag("--vendored", options.walk.vendored, "Take folders of installed packages too");
  app.add_flag("!--no-ignore", options.walk.ignore_files, "Take what ignore files name too");
  add_model(app, options.model,
            "The model folder; by default $SPENCER_MODEL, or all-MiniLM-L6-v2 where it is "
            "installed");
  add_engine(app, options.engine);
  add_code_length(app, options.code_length);
  add_output(app, args.output);
}

int run_index(IndexArgs args, std::ostream& out, const StopFlag& stop) {
  const OutputOptions& output = args.output;
  if (args.dry_run) {
    const IndexPlan plan = plan_index(args.options, stop);
    output.json ? write_plan_json(out, plan) : write_plan(out, plan);
    return exit_code::ok;
  }
  args.options.model = find_model(args.options.model);
  const auto progress = make_progress(output.quiet);
  const IndexSummary summary = build_index(args.options, *progress, stop);
  const std::string folder =
      std::filesystem::absolute(args.options.resolved_index_folder()).lexically_normal().string();
  if (output.json) {
    write_summary_json(out, summary, folder);
  } else if (!output.quiet) {
    write_summary(out, summary, folder);
  }
  return exit_code::ok;
}

}  // namespace spencer
