// Runs the real program in a fresh folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace spencer {

struct RunResult {
  int code = -1;  ///< exit code, or 128 plus the signal that killed it
  std::string out, err;
  std::int64_t page_faults = 0;  ///< a measure of work that is the same on a slow or busy machine
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
/// Runs `spencer` under a tracer: `moment` is asked where each system call of any of its threads
/// begins and ends, and the first time it says true, the program gets `signal`. So what it has done
/// by then depends on no clock. `out` is not kept.
RunResult run_traced(const std::vector<std::string>& arguments, const RunSetup& setup,
                     const std::function<bool()>& moment, int signal);

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

/// Whether the file is there, with at least so many bytes.
bool has_bytes(const std::filesystem::path& file, std::uintmax_t bytes);

/// The folder of the real all-MiniLM-L6-v2.
std::filesystem::path minilm();

}  // namespace spencer
