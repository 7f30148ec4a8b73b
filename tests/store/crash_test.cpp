// A writer that is killed, or whose disk is full, at any of its system calls.
#include <cstdlib>

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "spencer/base/error.h"

#include "store/fixture.h"

namespace spencer {
namespace {

constexpr int kLost = 3;  // exit codes of a child that could not do its work

/// What the killed writers do: keep one file of two, replace the other, add a third, commit.
void second_generation(const fs::path& folder) {
  const auto writer = IndexWriter::open(folder, settings());
  for (const FileEntry& file : writer->known_files()) {
    if (file.path == "kept.py") writer->keep_file(file);
  }
  add_functions(*writer, "changed.py", 6);
  add_functions(*writer, "new.py", 20);
  writer->commit();
}

void first_generation(const fs::path& folder) {
  const auto writer = IndexWriter::open(folder, settings());
  add_functions(*writer, "kept.py", 5);
  add_functions(*writer, "changed.py", 3);
  writer->commit();
}

/// The whole of either generation, down to each vector; nothing else.
::testing::AssertionResult is_whole(const fs::path& folder) {
  try {
    const auto reader = IndexReader::open(folder);
    reader->verify();
    const std::int64_t records = reader->manifest().records;
    if (records != 8 && records != 31) {
      return ::testing::AssertionFailure() << records << " records";
    }
    for (RecordId id = 0; id < records; ++id) {
      const CodeRecord record = reader->record(id);
      const auto expected = vector_of(record);
      if (!std::equal(expected.begin(), expected.end(), reader->vector(id).begin())) {
        return ::testing::AssertionFailure() << "record " << id << " has another vector";
      }
    }
  } catch (const std::exception& error) {
    return ::testing::AssertionFailure() << error.what();
  }
  return ::testing::AssertionSuccess();
}

/// Runs `second_generation` in a child and kills it before its `calls`-th system call takes
/// effect. @return true if it was killed, false if it was done by then
bool killed_at_call(const fs::path& folder, int calls) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(kLost);
    raise(SIGSTOP);
    try {
      second_generation(folder);
    } catch (...) {
      _exit(kLost);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) {
    ADD_FAILURE() << "this machine does not let a test trace its child";
    return false;
  }
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  for (int stops = 1; stops < 2 * calls; ++stops) {  // each call stops on its way in and out
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      return false;
    }
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return true;
}

TEST(Crash, AWriterKilledAtAnySystemCallLeavesAWholeIndex) {
  int old_ones = 0, new_ones = 0, calls = 1;
  for (bool killed = true; killed; ++calls) {
    const TemporaryFolder temporary(true);
    first_generation(temporary.path());
    killed = killed_at_call(temporary.path(), calls);
    ASSERT_TRUE(is_whole(temporary.path())) << "killed at call " << calls;
    const auto records = IndexReader::open(temporary.path())->manifest().records;
    ++(records == 8 ? old_ones : new_ones);
    second_generation(temporary.path());
    ASSERT_TRUE(is_whole(temporary.path())) << "run again after call " << calls;
    ASSERT_EQ(IndexReader::open(temporary.path())->manifest().records, 31);
    std::vector<std::string> left;
    for (const auto& entry : fs::directory_iterator(temporary.path())) {
      left.push_back(entry.path().filename().string());
    }
    ASSERT_EQ(left.size(), 4u) << "after call " << calls;  // .gitignore CURRENT lock gen-N
    if (HasFailure()) return;
  }
  RecordProperty("system_calls", calls);
  EXPECT_GT(old_ones, 60) << "of " << calls << " calls";
  EXPECT_GT(new_ones, 5);
}

TEST(Crash, AKilledWritersVectorsAreTakenOver) {
  const TemporaryFolder temporary(true);
  int taken_over = 0;
  for (int added = 0; added < 20; ++added) {
    fs::remove_all(temporary.path() / "i");
    const pid_t child = fork();
    if (child == 0) {
      const auto writer = IndexWriter::open(temporary.path() / "i", settings());
      add_functions(*writer, "lost.py", added);
      raise(SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto writer = IndexWriter::open(temporary.path() / "i", settings());
    for (int i = 0; i < added; ++i) {
      const CodeRecord record = code_record("lost.py", 10 * i + 1, 10 * i + 10);
      const auto vector = writer->known_vector(text_of(record));
      ASSERT_EQ(std::vector<float>(vector.begin(), vector.end()), vector_of(record));
      ++taken_over;
    }
  }
  EXPECT_EQ(taken_over, 190);
}

/// Runs `second_generation` in a child that may not make a file longer than `bytes`.
/// @return the child's exit code: 0 done, 1 Error{io}, kLost anything else
int with_file_limit(const fs::path& folder, rlim_t bytes) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      second_generation(folder);
    } catch (const Error& error) {
      _exit(error.kind() == ErrorKind::io ? 1 : kLost);
    } catch (...) {
      _exit(kLost);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(Crash, AFullDiskIsAnErrorAndLeavesTheOldIndex) {
  int refused = 0, done = 0;
  for (rlim_t bytes = 0; bytes < 60000; bytes += bytes < 4000 ? 97 : 1531) {
    const TemporaryFolder temporary(true);
    first_generation(temporary.path());
    const int code = with_file_limit(temporary.path(), bytes);
    ASSERT_TRUE(code == 0 || code == 1) << "limit " << bytes << ": exit code " << code;
    ++(code == 0 ? done : refused);
    ASSERT_TRUE(is_whole(temporary.path())) << "limit " << bytes;
    ASSERT_EQ(IndexReader::open(temporary.path())->manifest().records, code == 0 ? 31 : 8);
    second_generation(temporary.path());
    ASSERT_TRUE(is_whole(temporary.path())) << "after limit " << bytes;
  }
  EXPECT_GT(refused, 30);
  EXPECT_GT(done, 5);
}

}  // namespace
}  // namespace spencer
