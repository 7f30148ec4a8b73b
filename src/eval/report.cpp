#include "spencer/eval/report.h"

#include <algorithm>
#include <numeric>

#include "eval/html.h"
#include "eval/report_charts.h"

namespace spencer {
namespace {

constexpr std::size_t kShownCodeBytes = 2000;
constexpr std::size_t kShownReturned = 3;

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1150px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } th, td { padding: .25em .55em; text-align: left; }
tbody th { white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); } tbody td, tbody th { border-bottom: 1px solid var(--line); }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
small { opacity: .7; } svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
.grid { stroke: var(--line); } .key { display: inline-block; width: .8em; height: .8em; margin-right: .35em; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5em 0; padding: .3em .8em; }
summary { cursor: pointer; } pre { background: var(--soft); padding: .6em; overflow-x: auto; font-size: 13px; }
.right { border-left: 4px solid #009e73; } .wrong { border-left: 4px solid #d55e00; }
)";

constexpr const char* kScript = R"(
const choice = document.getElementById('system');
const show = () => document.querySelectorAll('section.worst').forEach(
    section => { section.hidden = section.dataset.system !== choice.value; });
choice.addEventListener('change', show);
show();
document.documentElement.dataset.ready = 'yes';
)";

std::string key_of(std::size_t system) {
  return "<span class=\"key\" style=\"background:" + std::string(html::color(system)) +
         "\"></span>";
}

std::string settings_table(const ReportInput& input) {
  std::string rows;
  for (const auto& [name, value] : input.settings) {
    rows += html::element(
        "tr", html::element("th", html::escape(name)) + html::element("td", html::escape(value)));
  }
  return html::element("table", html::element("tbody", rows));
}

std::string metrics_table(const ReportInput& input) {
  std::string head = html::element("th", "model") + html::element("th", "stage");
  for (const MetricValue& value : input.systems.front().stages.front().metrics) {
    head += html::element("th", html::escape(value.metric.name()));
  }
  std::string rows;
  for (std::size_t i = 0; i < input.systems.size(); ++i) {
    for (const StageResult& stage : input.systems[i].stages) {
      std::string row = html::element("th", key_of(i) + html::escape(input.systems[i].label)) +
                        html::element("td", stage.name);
      for (const MetricValue& value : stage.metrics) {
        row += html::element("td",
                             html::number(value.interval.mean, 4) + "<br><small>" +
                                 html::number(value.interval.low, 3) + " to " +
                                 html::number(value.interval.high, 3) + "</small>",
                             "class=\"n\"");
      }
      rows += html::element("tr", row);
    }
  }
  return html::element(
      "div",
      html::element(
          "table", html::element("thead", html::element("tr", head)) + html::element("tbody", rows),
          "id=\"metrics\""),
      "class=\"scroll\"");
}

std::string timing_table(const ReportInput& input) {
  std::string rows;
  const auto cell = [](const std::optional<double>& value, int decimals) {
    return html::element("td", value ? html::number(*value, decimals) : "-", "class=\"n\"");
  };
  for (std::size_t i = 0; i < input.systems.size(); ++i) {
    const EvalTiming& timing = input.systems[i].timing;
    rows += html::element(
        "tr", html::element("th", key_of(i) + html::escape(input.systems[i].label)) +
                  cell(timing.query_encode_ms, 2) + cell(timing.query_encode_p95_ms, 2) +
                  cell(timing.code_encode_per_s, 0) + cell(timing.search_ms, 3) +
                  cell(timing.rerank_ms, 2));
  }
  const std::string head =
      "<tr><th>model</th><th>query encoder, ms</th><th>95th percentile</th>"
      "<th>codes/s</th><th>search, ms/query</th><th>rerank, ms/query</th></tr>";
  return html::element("table", html::element("thead", head) + html::element("tbody", rows));
}

std::string comparison_list(const ReportInput& input) {
  std::string items;
  for (const Comparison& c : input.comparisons) {
    items += html::element(
        "li", html::escape(c.system + " against " + c.baseline + ": " + c.metric.name() + " ") +
                  (c.difference >= 0 ? "+" : "") + html::number(c.difference, 4) +
                  ", p = " + html::number(c.p_value, 4) + " (paired randomisation test)");
  }
  return items.empty() ? items : html::element("ul", items);
}

/// The first lines of a code, cut between characters.
std::string shown_code(const std::string& text) {
  if (text.size() <= kShownCodeBytes) return html::escape(text);
  std::size_t end = kShownCodeBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return html::escape(std::string_view(text).substr(0, end)) + "\n<small>(cut)</small>";
}

std::string code_block(const ReportInput& input, std::int64_t code, const std::string& caption,
                       bool right) {
  const TextItem& item = input.benchmark.codes[static_cast<std::size_t>(code)];
  return "<p>" + html::escape(caption) + " <small>" + html::escape(item.id) + "</small></p>" +
         html::element("pre", shown_code(item.text), right ? "class=\"right\"" : "class=\"wrong\"");
}

std::string worst_query(const ReportInput& input, const QueryOutcome& outcome, bool open) {
  const auto& answers = input.benchmark.answers[static_cast<std::size_t>(outcome.query)];
  const std::int64_t rank = best_rank(outcome.answers);
  std::string body;
  std::size_t shown_right = 0;
  for (std::size_t i = 0; i < answers.size() && shown_right < kShownReturned; ++i, ++shown_right) {
    const std::int64_t its_rank = outcome.answers[i].rank;
    body += code_block(
        input, answers[i].code,
        its_rank == kUnranked ? "Right, not ranked" : "Right, at rank " + std::to_string(its_rank),
        true);
  }
  if (answers.size() > shown_right) {
    body += "<p>and " + std::to_string(answers.size() - shown_right) + " more right answers</p>";
  }
  for (std::size_t i = 0; i < outcome.top.codes.size() && i < kShownReturned; ++i) {
    const std::int64_t code = outcome.top.codes[i];
    const bool right = std::any_of(answers.begin(), answers.end(),
                                   [&](const RightAnswer& a) { return a.code == code; });
    body += code_block(input, code,
                       "Returned at rank " + std::to_string(i + 1) + ", score " +
                           html::number(outcome.top.scores[i], 4),
                       right);
  }
  const TextItem& query = input.benchmark.queries[static_cast<std::size_t>(outcome.query)];
  const std::string title = (rank == kUnranked ? "not ranked" : "rank " + std::to_string(rank)) +
                            ": " + query.text.substr(0, 300);
  return html::element("details", html::element("summary", html::escape(title)) + body,
                       open ? "open" : "");
}

std::string worst_section(const ReportInput& input, std::size_t system) {
  const auto& outcomes = input.systems[system].stages.back().outcomes;
  std::vector<std::size_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto badness = [&](std::size_t i) {
    const std::int64_t rank = best_rank(outcomes[i].answers);
    return rank == kUnranked ? INT64_MAX : rank;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return badness(a) > badness(b); });
  std::string body;
  for (std::size_t i = 0; i < order.size() && i < static_cast<std::size_t>(input.worst); ++i) {
    if (badness(order[i]) > 1) body += worst_query(input, outcomes[order[i]], i == 0);
  }
  if (body.empty()) body = "<p>Every query has a right answer at rank 1.</p>";
  return html::element("section", body,
                       "class=\"worst\" data-system=\"" + std::to_string(system) + "\"" +
                           (system == 0 ? "" : " hidden"));
}

std::string worst_queries(const ReportInput& input) {
  std::string choices, sections;
  for (std::size_t i = 0; i < input.systems.size(); ++i) {
    choices += html::element("option", html::escape(input.systems[i].label),
                             "value=\"" + std::to_string(i) + "\"");
    sections += worst_section(input, i);
  }
  return "<p><label>Model <select id=\"system\">" + choices + "</select></label></p>" + sections;
}

}  // namespace

std::string render_report(const ReportInput& input) {
  const std::string title = "spencer eval: " + html::escape(input.benchmark.name);
  const std::string chart = accuracy_chart(input.systems);
  std::string keys;
  for (std::size_t i = 0; i < input.systems.size(); ++i) {
    keys += key_of(i) + html::escape(input.systems[i].label) + " &nbsp; ";
  }
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
         "</title><meta name=\"viewport\" content=\"width=device-width\"><style>" + kStyle +
         "</style></head><body>" + html::element("h1", title) + settings_table(input) +
         "<h2>Metrics</h2><p><small>Mean over queries, and below it the 95% bootstrap interval."
         "</small></p>" +
         metrics_table(input) + comparison_list(input) + "<h2>Time</h2>" + timing_table(input) +
         "<h2>Accuracy against the query encoder's time</h2>" +
         (chart.empty() ? "<p>The query encoder's time was not measured.</p>"
                        : "<p><small>Circles: recall. Squares: re-ranked. Bars: 95% interval."
                          "</small></p>" +
                              chart) +
         "<h2>Ranks</h2><p>" + keys + "</p>" + rank_histogram(input.systems) +
         "<h2>The worst queries</h2>" + worst_queries(input) + "<script>" + kScript +
         "</script></body></html>\n";
}

}  // namespace spencer
