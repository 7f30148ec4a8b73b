// Runs the real program in a fresh folder.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace spencer {

struct RunResult {
  int code = -1;  ///< exit code, or 128 plus the signal that killed it
  std::string out, err;
  double seconds = 0;      ///< wall clock
  double cpu_seconds = 0;  ///< of all its threads; a busy machine distorts it less
};

struct RunSetup {
  std::filesystem::path folder = ".";
  std::map<std::string, std::optional<std::string>> environment;  ///< nullopt: unset
  std::string input;
};

/// Runs `spencer ARGUMENTS...` to its end.
RunResult run_spencer(const std::vector<std::string>& arguments, const RunSetup& setup = {});
/// The same for any program.
RunResult run_program(const std::vector<std::string>& command, const RunSetup& setup = {});
/// Runs `spencer` on a terminal of its own (120 columns); `out` is all it wrote there.
RunResult run_on_terminal(const std::vector<std::string>& arguments, const RunSetup& setup = {});
/// Starts `spencer` and returns at once; standard error goes to `err_file`.
pid_t start_spencer(const std::vector<std::string>& arguments, const RunSetup& setup,
                    const std::filesystem::path& err_file);

/// Output of --json, a value a line. Throws where a line is no JSON.
std::vector<nlohmann::json> json_lines(const std::string& text);

/// A folder that is removed again.
class FreshFolder {
 public:
  FreshFolder();
  ~FreshFolder();
  FreshFolder(const FreshFolder&) = delete;
  FreshFolder& operator=(const FreshFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file, with the folders above it.
  void write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

/// The folder of the real all-MiniLM-L6-v2.
std::filesystem::path minilm();

}  // namespace spencer
