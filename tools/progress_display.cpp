#include "progress_display.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <ostream>
#include <utility>

#include <unistd.h>

#include "terminal.h"

namespace spencer {
namespace {

/// What both displays keep of the stage that goes on.
class Stage {
 public:
  explicit Stage(const TimeSource& now) : now_(now) {}

  void begin(std::string_view name, std::int64_t total, std::string_view unit) {
    name_ = name;
    unit_ = unit;
    total_ = total;
    done_ = 0;
    started_ = now_();
  }
  void advance(std::int64_t amount) { done_ += amount; }

  bool counts() const { return done_ > 0 || total_ > 0; }
  double seconds() const { return std::chrono::duration<double>(now_() - started_).count(); }
  double fraction() const {
    return std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  }
  bool has_total() const { return total_ > 0; }
  const std::string& name() const { return name_; }

  /// "1,234/5,000 functions"
  std::string amount() const {
    std::string text = with_thousands(done_);
    if (has_total()) text += "/" + with_thousands(total_);
    return text + " " + unit_;
  }
  /// "312/s"; empty as long as it would be a guess
  std::string rate() const {
    const double elapsed = seconds();
    if (elapsed < 0.2 || done_ == 0) return "";
    const double per_second = static_cast<double>(done_) / elapsed;
    if (per_second >= 10) return with_thousands(std::llround(per_second)) + "/s";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f/s", per_second);
    return text;
  }
  /// "0:12 left"
  std::string left() const {
    const double elapsed = seconds();
    if (!has_total() || done_ == 0 || done_ >= total_ || elapsed < 0.5) return "";
    return clock_time(elapsed * static_cast<double>(total_ - done_) / static_cast<double>(done_)) +
           " left";
  }

 private:
  const TimeSource& now_;
  std::string name_, unit_;
  std::int64_t total_ = -1, done_ = 0;
  Clock::time_point started_;
};

class ProgressBar : public Progress {
 public:
  ProgressBar(std::ostream& out, int width, TimeSource now)
      : out_(out), width_(width), now_(std::move(now)) {}
  ~ProgressBar() override { clear(); }

  void begin(std::string_view stage, std::int64_t total, std::string_view unit) override {
    stage_.begin(stage, total, unit);
    draw();
  }
  void advance(std::int64_t amount) override {
    stage_.advance(amount);
    if (now_() - drawn_ >= std::chrono::milliseconds(100)) draw();
  }
  void end() override { clear(); }

 private:
  void draw() {
    std::string line = stage_.name();
    const auto append = [&](const std::string& part) {
      if (part.empty() || display_width(line) + 2 + display_width(part) >= width_) return;
      line += "  " + part;
    };
    if (stage_.counts()) {
      if (stage_.has_total()) append(bar());
      append(stage_.amount());
      append(stage_.rate());
      append(stage_.left());
    }
    out_ << "\r\x1b[K" << line << std::flush;
    drawn_ = now_();
    shown_ = true;
  }

  std::string bar() const {
    const int columns = std::clamp(width_ - 70, 8, 30);
    const int full = static_cast<int>(std::lround(stage_.fraction() * columns));
    std::string text;
    for (int i = 0; i < columns; ++i) text += i < full ? "\xE2\x96\x88" : "\xE2\x96\x91";
    return text;
  }

  void clear() {
    if (shown_) out_ << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

  std::ostream& out_;
  int width_;
  TimeSource now_;
  Stage stage_{now_};
  Clock::time_point drawn_;
  bool shown_ = false;
};

class ProgressLines : public Progress {
 public:
  ProgressLines(std::ostream& out, std::chrono::milliseconds interval, TimeSource now)
      : out_(out), interval_(interval), now_(std::move(now)) {}

  void begin(std::string_view stage, std::int64_t total, std::string_view unit) override {
    stage_.begin(stage, total, unit);
    written_ = now_();
  }
  void advance(std::int64_t amount) override {
    stage_.advance(amount);
    if (now_() - written_ >= interval_) write(stage_.left());
  }
  void end() override {
    if (stage_.counts()) write("in " + duration(stage_.seconds()));
  }

 private:
  void write(const std::string& ending) {
    out_ << stage_.name() << ": " << stage_.amount();
    for (const std::string& part : {stage_.rate(), ending}) {
      if (!part.empty()) out_ << ", " << part;
    }
    out_ << std::endl;
    written_ = now_();
  }

  std::ostream& out_;
  std::chrono::milliseconds interval_;
  TimeSource now_;
  Stage stage_{now_};
  Clock::time_point written_;
};

}  // namespace

std::string with_thousands(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > (value < 0 ? 1 : 0); i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<long long>(std::max(0.0, std::ceil(seconds)));
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string duration(double seconds) {
  char text[64];
  if (seconds < 9.995) {
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  } else if (seconds < 119.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else {
    const auto whole = std::llround(seconds);
    std::snprintf(text, sizeof text, "%lld min %lld s", whole / 60, whole % 60);
  }
  return text;
}

std::unique_ptr<Progress> make_progress_bar(std::ostream& out, int width, TimeSource now) {
  return std::make_unique<ProgressBar>(out, width, std::move(now));
}

std::unique_ptr<Progress> make_progress_lines(std::ostream& out, std::chrono::milliseconds interval,
                                              TimeSource now) {
  return std::make_unique<ProgressLines>(out, interval, std::move(now));
}

std::unique_ptr<Progress> make_progress(bool quiet) {
  if (quiet) return std::make_unique<Progress>();
  const int width = terminal_width(STDERR_FILENO);
  if (width > 0) return make_progress_bar(std::cerr, width);
  return make_progress_lines(std::cerr, std::chrono::seconds(10));
}

}  // namespace spencer
