#include "cli/program.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace spencer {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
    reader = ends[0];
    writer = ends[1];
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { close_once(reader); }
  void close_writer() { close_once(writer); }
  static void close_once(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }
  int reader = -1, writer = -1;
};

std::vector<std::string> environment_of(const RunSetup& setup) {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != text.npos) values[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : setup.environment) {
    if (value) {
      values[name] = *value;
    } else {
      values.erase(name);
    }
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : values) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

pid_t spawn(std::vector<std::string> command, const RunSetup& setup, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, setup.folder.c_str());
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  std::vector<std::string> variables = environment_of(setup);
  pid_t child = -1;
  const int problem = ::posix_spawnp(&child, command.front().c_str(), &actions, nullptr,
                                     pointers_to(command).data(), pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) throw std::system_error(problem, std::generic_category(), command.front());
  return child;
}

double in_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

void wait_for(pid_t child, RunResult& result) {
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
  }
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.cpu_seconds = in_seconds(used.ru_utime) + in_seconds(used.ru_stime);
}

/// Reads what is there; false at the end of the stream.
bool read_some(int descriptor, std::string& into) {
  std::array<char, 1 << 16> buffer;
  const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got <= 0) return false;
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::string> with_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{SPENCER_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

RunResult run_program(const std::vector<std::string>& command, const RunSetup& setup) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe in, out, err;
  const auto start = Clock::now();
  const pid_t child = spawn(command, setup, in.reader, out.writer, err.writer);
  in.close_reader();
  out.close_writer();
  err.close_writer();
  // The inputs of these tests fit into a pipe.
  if (::write(in.writer, setup.input.data(), setup.input.size()) < 0 && !setup.input.empty()) {
    throw std::runtime_error("cannot write the program's input");
  }
  in.close_writer();

  RunResult result;
  std::array<pollfd, 2> open{{{out.reader, POLLIN, 0}, {err.reader, POLLIN, 0}}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    ::poll(open.data(), open.size(), -1);
    if (open[0].revents != 0 && !read_some(open[0].fd, result.out)) open[0].fd = -1;
    if (open[1].revents != 0 && !read_some(open[1].fd, result.err)) open[1].fd = -1;
  }
  wait_for(child, result);
  result.seconds = since(start);
  return result;
}

RunResult run_spencer(const std::vector<std::string>& arguments, const RunSetup& setup) {
  return run_program(with_program(arguments), setup);
}

RunResult run_on_terminal(const std::vector<std::string>& arguments, const RunSetup& setup) {
  std::vector<std::string> command = with_program(arguments);
  std::vector<std::string> variables = environment_of(setup);
  const std::vector<char*> argv = pointers_to(command), envp = pointers_to(variables);
  winsize size{};
  size.ws_row = 40;
  size.ws_col = 120;
  int terminal = -1;
  const auto start = Clock::now();
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    if (::chdir(setup.folder.c_str()) == 0) ::execve(argv.front(), argv.data(), envp.data());
    ::_exit(127);
  }
  RunResult result;
  while (read_some(terminal, result.out)) {
  }
  ::close(terminal);
  wait_for(child, result);
  result.seconds = since(start);
  return result;
}

pid_t start_spencer(const std::vector<std::string>& arguments, const RunSetup& setup,
                    const fs::path& err_file) {
  const int err = ::open(err_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = spawn(with_program(arguments), setup, null, null, err);
  ::close(err);
  ::close(null);
  return child;
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) values.push_back(nlohmann::json::parse(line));
  return values;
}

FreshFolder::FreshFolder() {
  std::string pattern = (fs::temp_directory_path() / "spencer_cli_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), pattern);
  }
  path_ = fs::canonical(pattern);
}

FreshFolder::~FreshFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void FreshFolder::write(const std::string& name, const std::string& content) const {
  fs::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << content;
}

fs::path minilm() { return fs::path(SPENCER_DEPS) / "models/all-MiniLM-L6-v2"; }

}  // namespace spencer
