#include "cli/tree.h"

#include <gtest/gtest.h>

namespace spencer {

Tree::Tree() {
  write("net/client.py", R"(import time


class Client:
    def fetch_with_retry(self, url, attempts=5):
        """Request a URL again and again, waiting longer after every failure."""
        delay = 0.5
        for _ in range(attempts):
            try:
                return self.session.get(url)
            except ConnectionError:
                time.sleep(delay)
                delay *= 2
        raise TimeoutError(url)

    def close(self):
        """Shut the network connection."""
        self.session.close()


def parse_iso_date(text):
    """Turn a string such as 2024-02-29 into year, month and day."""
    year, month, day = text.split("-")
    return int(year), int(month), int(day)
)");
  write("cache/lru.go", R"(package cache

// Evict drops the entry that was used longest ago.
func (c *Cache) Evict() {
	oldest := c.order.Back()
	delete(c.items, oldest.Key)
	c.order.Remove(oldest)
}

// CountWords says how often each word stands in a text.
func CountWords(text string) map[string]int {
	counts := map[string]int{}
	for _, word := range strings.Fields(text) {
		counts[word]++
	}
	return counts
}
)");
  write("web/form.js", R"(export function validateEmail(address) {
  // one at sign, a dot in the domain
  return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address);
}

export function renderTable(rows) {
  return "<table>" + rows.map((r) => `<tr><td>${r}</td></tr>`).join("") + "</table>";
}
)");
  write("notes.txt", "Ship the release on Friday.\nAsk about the printer in the office.\n");
  write(".gitignore", "secret/\n");
  write("secret/key.py", "def secret():\n    return 42\n");
}

RunSetup Tree::here() const {
  RunSetup setup;
  setup.folder = path();
  return setup;
}

RunResult Tree::index(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{"index", "--model", minilm().string(), "--precision",
                                     "float32"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const RunResult result = run_spencer(arguments, here());
  EXPECT_EQ(result.code, 0) << result.err;
  return result;
}

RunResult Tree::search(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"search", "--precision", "float32"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_spencer(all, here());
}

std::vector<std::string> Tree::names(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = arguments;
  all.push_back("--json");
  const RunResult result = search(all);
  EXPECT_LE(result.code, 1) << result.err;
  std::vector<std::string> names;
  for (const auto& hit : json_lines(result.out)) names.push_back(hit.at("name"));
  return names;
}

RunSetup without_libtorch(RunSetup setup) {
  setup.environment["SPENCER_LIBTORCH"] = "/nonexistent";
  setup.environment["LD_LIBRARY_PATH"] = std::nullopt;
  return setup;
}

}  // namespace spencer
