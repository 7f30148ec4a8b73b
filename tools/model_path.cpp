#include "model_path.h"

#include <string>
#include <system_error>

#include "spencer/base/environment.h"
#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultModel = "all-MiniLM-L6-v2";

}  // namespace

std::vector<fs::path> default_model_places() {
  if (const std::string named = environment("SPENCER_MODEL"); !named.empty()) return {named};
  std::vector<fs::path> places;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    places.push_back(program.parent_path().parent_path() / "share/spencer/models" / kDefaultModel);
  }
  const std::string data = environment("XDG_DATA_HOME");
  const std::string home = environment("HOME");
  if (!data.empty()) {
    places.push_back(fs::path(data) / "spencer/models" / kDefaultModel);
  } else if (!home.empty()) {
    places.push_back(fs::path(home) / ".local/share/spencer/models" / kDefaultModel);
  }
  return places;
}

fs::path find_model(const fs::path& named) {
  std::error_code error;
  const std::vector<fs::path> places =
      named.empty() ? default_model_places() : std::vector<fs::path>{named};
  std::string list;
  for (const fs::path& place : places) {
    if (fs::is_directory(place, error)) return fs::canonical(place);
    list += (list.empty() ? "" : ", ") + place.string();
  }
  if (!named.empty()) {
    throw Error(ErrorKind::not_found, "there is no model folder " + list);
  }
  throw Error(ErrorKind::not_found,
              "no model was found (looked at " + list +
                  "); name a model folder with --model or in SPENCER_MODEL, or fetch one: "
                  "scripts/setup.sh");
}

}  // namespace spencer
