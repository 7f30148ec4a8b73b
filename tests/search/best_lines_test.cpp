#include "search/best_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/search/words.h"

namespace spencer {
namespace {

using ::testing::ElementsAre;

CodeRecord record_of(std::string name, std::string kind, std::int32_t start, std::string code) {
  CodeRecord record;
  record.name = std::move(name);
  record.kind = std::move(kind);
  record.start_line = start;
  record.code = std::move(code);
  return record;
}

const CodeRecord kFetch = record_of("Client.fetch", "method", 10,
                                    "@retry\n"                                    // 10
                                    "def fetch(self, url):\n"                     // 11
                                    "    headers = self.base_headers()\n"         // 12
                                    "\n"                                          // 13
                                    "    response = self.session.get(url)\n"      // 14
                                    "    if response.status == 429:\n"            // 15
                                    "        time.sleep(response.retry_after)\n"  // 16
                                    "    return response.json()\n");              // 17

TEST(BestLines, DeclarationFirstThenTheLinesTheQueryNames) {
  EXPECT_THAT(best_lines(kFetch, query_stems("sleep when the status is 429"), 3),
              ElementsAre(11, 15, 16));
  EXPECT_THAT(best_lines(kFetch, query_stems("decode json"), 2), ElementsAre(11, 17));
}

TEST(BestLines, WithoutAWordInCommonTheOpeningIsShown) {
  EXPECT_THAT(best_lines(kFetch, query_stems("quaternion"), 3), ElementsAre(11, 12, 14));
  EXPECT_THAT(best_lines(kFetch, {}, 100), ElementsAre(11, 12, 14, 15, 16, 17));
}

TEST(BestLines, AWindowHasNoDeclaration) {
  const CodeRecord window = record_of("setup", "window", 5, "}\nsetup = 1\nx = 2\nlimit = 3\n");
  EXPECT_THAT(best_lines(window, query_stems("limit"), 2), ElementsAre(6, 8));
}

TEST(BestLines, EmptyCodeHasNone) {
  EXPECT_THAT(best_lines(record_of("f", "function", 1, ""), query_stems("x"), 3), ElementsAre());
}

}  // namespace
}  // namespace spencer
