#include "cli/program.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace spencer {
namespace fs = std::filesystem;
namespace {

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

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

void wait_for(pid_t child, RunResult& result) {
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
  }
  result.code = code_of(status);
  result.page_faults = used.ru_minflt + used.ru_majflt;
}

/// Reads what is there; false at the end of the stream.
bool read_some(int descriptor, std::string& into) {
  std::array<char, 1 << 16> buffer;
  const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got <= 0) return false;
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::vector<std::string> with_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{SPENCER_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// Starts a program that stands still until its tracer lets it go on.
pid_t start_traced(const std::vector<std::string>& arguments, const RunSetup& setup, int err) {
  std::vector<std::string> command = with_program(arguments);
  std::vector<std::string> variables = environment_of(setup);
  const std::vector<char*> argv = pointers_to(command), envp = pointers_to(variables);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGSTOP);
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::dup2(err, 2);
    if (::chdir(setup.folder.c_str()) == 0) ::execve(argv.front(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(null);
  ::waitpid(child, nullptr, WUNTRACED);
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE;
  if (::ptrace(PTRACE_SEIZE, child, nullptr, options) != 0) {
    const int problem = errno;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    throw std::system_error(problem, std::generic_category(), "cannot trace a child");
  }
  ::kill(child, SIGCONT);
  return child;
}

/// Lets a traced program run to its end; see run_traced. @return as of waitpid
int trace(pid_t child, const std::function<bool()>& moment, int signal) {
  std::set<pid_t> threads;
  bool sent = false;
  for (;;) {
    int status = 0;
    const pid_t thread = ::waitpid(-1, &status, __WALL);
    if (thread < 0) throw std::system_error(errno, std::generic_category(), "waitpid");
    if (!WIFSTOPPED(status)) {
      if (thread == child) return status;
      threads.erase(thread);
      continue;
    }
    threads.insert(thread);
    const int stop = WSTOPSIG(status);
    const bool at_call = stop == (SIGTRAP | 0x80), by_tracer = at_call || (status >> 16) != 0;
    if (at_call && !sent && moment()) {
      sent = true;
      ::kill(child, signal);
      // From here on it is left alone: each thread is let go at its next stop.
      for (const pid_t other : threads) ::ptrace(PTRACE_INTERRUPT, other, nullptr, nullptr);
    }
    ::ptrace(sent ? PTRACE_DETACH : PTRACE_SYSCALL, thread, nullptr,
             static_cast<long>(by_tracer ? 0 : stop));
  }
}

}  // namespace

RunResult run_program(const std::vector<std::string>& command, const RunSetup& setup) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe in, out, err;
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
  return result;
}

RunResult run_traced(const std::vector<std::string>& arguments, const RunSetup& setup,
                     const std::function<bool()>& moment, int signal) {
  const int err = ::memfd_create("standard error", MFD_CLOEXEC);
  RunResult result;
  result.code = code_of(trace(start_traced(arguments, setup, err), moment, signal));
  ::lseek(err, 0, SEEK_SET);
  while (read_some(err, result.err)) {
  }
  ::close(err);
  return result;
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

bool has_bytes(const fs::path& file, std::uintmax_t bytes) {
  std::error_code absent;
  const std::uintmax_t size = fs::file_size(file, absent);
  return !absent && size >= bytes;
}

fs::path minilm() { return fs::path(SPENCER_DEPS) / "models/all-MiniLM-L6-v2"; }

}  // namespace spencer
