#include "eval/report_charts.h"

#include <algorithm>
#include <cmath>

#include "eval/html.h"

namespace spencer {
namespace {

constexpr double kWidth = 760, kHeight = 340, kLeft = 60, kRight = 20, kTop = 20, kBottom = 56;

std::string text_at(double x, double y, std::string_view text, std::string_view attributes = {}) {
  return html::element("text", html::escape(text),
                       "x=\"" + html::number(x, 1) + "\" y=\"" + html::number(y, 1) + "\" " +
                           std::string(attributes));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view attributes) {
  return "<line x1=\"" + html::number(x1, 1) + "\" y1=\"" + html::number(y1, 1) + "\" x2=\"" +
         html::number(x2, 1) + "\" y2=\"" + html::number(y2, 1) + "\" " + std::string(attributes) +
         "/>";
}

std::string svg(std::string_view id, std::string_view title, const std::string& content) {
  return "<svg id=\"" + std::string(id) + "\" role=\"img\" viewBox=\"0 0 " +
         html::number(kWidth, 0) + " " + html::number(kHeight, 0) + "\">" +
         html::element("title", html::escape(title)) + content + "</svg>";
}

/// A linear scale from values to places on the paper.
struct Scale {
  double low, high, from, to;
  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

/// 1, 2 or 5 times a power of ten, about `span / count`.
double nice_step(double span, int count) {
  const double rough = span / count, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

std::string y_axis(const Scale& y, double step, int decimals, std::string_view label) {
  std::string out;
  for (double value = std::ceil(y.low / step - 1e-9) * step; value <= y.high + 1e-9;
       value += step) {
    out += line(kLeft, y(value), kWidth - kRight, y(value), "class=\"grid\"");
    // A first step just below zero would be written "-0".
    const double shown = std::abs(value) < step / 2 ? 0 : value;
    out += text_at(kLeft - 8, y(value) + 4, html::number(shown, decimals), "text-anchor=\"end\"");
  }
  return out + text_at(14, (kTop + kHeight - kBottom) / 2, label,
                       "text-anchor=\"middle\" transform=\"rotate(-90 14 " +
                           html::number((kTop + kHeight - kBottom) / 2, 1) + ")\"");
}

struct Point {
  double milliseconds;
  Interval value;
  std::string label;
  std::size_t system;
  bool reranked;
};

std::vector<Point> points_of(const std::vector<SystemResult>& systems) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < systems.size(); ++i) {
    if (!systems[i].timing.query_encode_ms) continue;
    for (const StageResult& stage : systems[i].stages) {
      const bool reranked = stage.name == "rerank";
      points.push_back({*systems[i].timing.query_encode_ms, stage.metrics.front().interval,
                        systems[i].label + (reranked ? " + rerank" : ""), i, reranked});
    }
  }
  return points;
}

struct Bucket {
  std::int64_t last;  ///< rank of its upper end
  const char* label;
};
constexpr Bucket kBuckets[] = {
    {1, "1"},      {2, "2"},      {3, "3"},        {5, "4-5"},         {10, "6-10"},
    {20, "11-20"}, {50, "21-50"}, {100, "51-100"}, {1000, "101-1000"}, {INT64_MAX, "later"}};

std::vector<double> bucket_shares(const StageResult& stage) {
  std::vector<double> shares(std::size(kBuckets));
  for (const QueryOutcome& outcome : stage.outcomes) {
    const std::int64_t rank = best_rank(outcome.answers);
    const auto* bucket = std::find_if(
        std::begin(kBuckets), std::end(kBuckets),
        [&](const Bucket& b) { return rank != kUnranked ? rank <= b.last : b.last == INT64_MAX; });
    shares[static_cast<std::size_t>(bucket - std::begin(kBuckets))] +=
        1.0 / static_cast<double>(stage.outcomes.size());
  }
  return shares;
}

}  // namespace

std::int64_t best_rank(const QueryRanks& answers) {
  std::int64_t best = kUnranked;
  for (const RankedAnswer& answer : answers) {
    if (answer.rank != kUnranked && (best == kUnranked || answer.rank < best)) best = answer.rank;
  }
  return best;
}

std::string accuracy_chart(const std::vector<SystemResult>& systems) {
  const std::vector<Point> points = points_of(systems);
  if (points.empty()) return {};
  double slowest = 0, low = 1, high = 0;
  for (const Point& point : points) {
    slowest = std::max(slowest, point.milliseconds);
    low = std::min(low, point.value.low);
    high = std::max(high, point.value.high);
  }
  const double margin = std::max(0.02, (high - low) * 0.1);
  const Scale x{0, slowest * 1.25, kLeft, kWidth - kRight};
  const Scale y{std::max(0.0, low - margin), std::min(1.0, high + margin), kHeight - kBottom, kTop};
  const std::string metric = systems.front().stages.front().metrics.front().metric.name();
  std::string out = y_axis(y, nice_step(y.high - y.low, 6), 2, metric);
  const double step = nice_step(x.high, 8);
  for (double value = 0; value <= x.high; value += step) {
    out += text_at(x(value), kHeight - kBottom + 18, html::number(value, step < 1 ? 2 : 0),
                   "text-anchor=\"middle\"");
  }
  out += text_at((kLeft + kWidth - kRight) / 2, kHeight - 12,
                 "query encoder, ms (one query, median)", "text-anchor=\"middle\"");
  for (const Point& point : points) {
    const double px = x(point.milliseconds), py = y(point.value.mean);
    const std::string color(html::color(point.system));
    out += line(px, y(point.value.low), px, y(point.value.high), "stroke=\"" + color + "\"");
    const std::string mark = point.reranked
                                 ? "<rect x=\"" + html::number(px - 5, 1) + "\" y=\"" +
                                       html::number(py - 5, 1) + "\" width=\"10\" height=\"10\""
                                 : "<circle cx=\"" + html::number(px, 1) + "\" cy=\"" +
                                       html::number(py, 1) + "\" r=\"5\"";
    const bool left = px > kWidth * 0.7;  // where there is no room to the right
    out += mark + " fill=\"" + color + "\"/>" +
           text_at(left ? px - 9 : px + 9, py + 4, point.label, left ? "text-anchor=\"end\"" : "");
  }
  return svg("accuracy", metric + " against query encoder time", out);
}

std::string rank_histogram(const std::vector<SystemResult>& systems) {
  std::vector<std::vector<double>> shares;
  double highest = 0;
  for (const SystemResult& system : systems) {
    shares.push_back(bucket_shares(system.stages.back()));
    highest = std::max(highest, *std::max_element(shares.back().begin(), shares.back().end()));
  }
  const Scale y{0, highest * 110, kHeight - kBottom, kTop};
  std::string out = y_axis(y, nice_step(y.high, 5), 0, "% of queries");
  const double slot = (kWidth - kLeft - kRight) / static_cast<double>(std::size(kBuckets));
  const double bar = slot * 0.8 / static_cast<double>(systems.size());
  for (std::size_t b = 0; b < std::size(kBuckets); ++b) {
    const double left = kLeft + static_cast<double>(b) * slot;
    out += text_at(left + slot / 2, kHeight - kBottom + 18, kBuckets[b].label,
                   "text-anchor=\"middle\"");
    for (std::size_t i = 0; i < systems.size(); ++i) {
      const double top = y(shares[i][b] * 100);
      const std::string title = systems[i].label + ": " + html::number(shares[i][b] * 100, 1) +
                                "% at rank " + kBuckets[b].label;
      out += "<rect x=\"" + html::number(left + slot * 0.1 + static_cast<double>(i) * bar, 1) +
             "\" y=\"" + html::number(top, 1) + "\" width=\"" + html::number(bar, 1) +
             "\" height=\"" + html::number(kHeight - kBottom - top, 1) + "\" fill=\"" +
             std::string(html::color(i)) + "\">" + html::element("title", html::escape(title)) +
             "</rect>";
    }
  }
  out += text_at((kLeft + kWidth - kRight) / 2, kHeight - 12, "rank of the first right answer",
                 "text-anchor=\"middle\"");
  return svg("histogram", "Ranks of the first right answer", out);
}

}  // namespace spencer
