#include "stop_signal.h"

#include <csignal>

namespace spencer {
namespace {

StopFlag flag;
volatile std::sig_atomic_t signal_caught = 0;

void on_signal(int number) {
  signal_caught = number;
  flag.request();
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

const StopFlag& stop_flag() { return flag; }

int caught_signal() { return signal_caught; }

}  // namespace spencer
