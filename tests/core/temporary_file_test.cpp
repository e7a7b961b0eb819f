#include "flamingo/core/temporary_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <optional>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"

namespace flamingo {
namespace {

using testing::TemporaryFolder;

/// A child that does `work`, tells that it has, and then sleeps until it is killed.
class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      work();
      if (::write(ends[1], "!", 1) == 1) ::pause();
      ::_exit(1);
    }
    char done = 0;
    EXPECT_EQ(::read(ends[0], &done, 1), 1);
    for (const int end : ends) ::close(end);
  }
  ~Child() { reap(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  /// Returns when it is dead; nobody has asked yet how it died.
  void kill() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void reap() {
    if (pid_ == 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

/// A child that is killed in the middle of writing `path`.
Child half_writer(const std::string& path) {
  return Child([path] {
    static std::optional<AtomicFile> file(path);
    file->write("half");
  });
}

pid_t dead_pid() {
  Child child([] {});
  const pid_t pid = child.pid();
  child.reap();
  return pid;
}

std::set<std::string> names_in(const TemporaryFolder& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.insert(entry.path().filename().string());
  return names;
}

std::string left_by(pid_t pid, const std::string& name) {
  return name + ".tmp." + std::to_string(pid);
}

using Names = std::set<std::string>;

TEST(TemporaryFile, AKilledWritersGoesWithTheNextWriteOfTheSameFile) {
  const TemporaryFolder folder;
  Child writer = half_writer(folder.file("a"));
  const std::string left = left_by(writer.pid(), "a");
  write_file_atomic(folder.file("a"), "new");
  EXPECT_EQ(names_in(folder), (Names{"a", left})) << "the writer lives";
  writer.kill();
  writer.reap();
  EXPECT_EQ(names_in(folder), (Names{"a", left}));
  write_file_atomic(folder.file("b"), "another file");
  EXPECT_TRUE(names_in(folder).contains(left));
  write_file_atomic(folder.file("a"), "newer");
  EXPECT_EQ(names_in(folder), (Names{"a", "b"}));
}

TEST(TemporaryFile, AZombieIsDead) {
  const TemporaryFolder folder;
  const Child writer = half_writer(folder.file("a"));
  writer.kill();
  write_file_atomic(folder.file("a"), "new");
  EXPECT_EQ(names_in(folder), Names{"a"});
}

TEST(TemporaryFile, APidThatAnotherProcessHasKeepsTheFile) {
  const TemporaryFolder folder;
  const Child stranger([] {});
  const std::string left = left_by(stranger.pid(), "a");
  write_file_atomic(folder.file(left), "half");
  write_file_atomic(folder.file("a"), "new");
  EXPECT_EQ(names_in(folder), (Names{"a", left}));
}

TEST(TemporaryFile, AWriterOnAnotherMachineKeepsItsFileByItsLock) {
  const TemporaryFolder folder;
  const std::string left = left_by(dead_pid(), "a");
  write_file_atomic(folder.file(left), "half");
  const int fd = ::open(folder.file(left).c_str(), O_WRONLY);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  write_file_atomic(folder.file("a"), "new");
  EXPECT_EQ(names_in(folder), (Names{"a", left}));
  ::close(fd);
  write_file_atomic(folder.file("a"), "newer");
  EXPECT_EQ(names_in(folder), Names{"a"});
}

TEST(TemporaryFile, AFormerProcessOfTheSamePidIsDead) {  // every job of a container may be pid 1
  const TemporaryFolder folder;
  const std::string left = left_by(::getpid(), "a");
  write_file_atomic(folder.file(left), "what a former process wrote, longer than the new one");
  write_file_atomic(folder.file("a"), "new");
  EXPECT_EQ(read_file(folder.file("a"), 100), "new");
  write_file_atomic(folder.file(left_by(::getpid(), "b")), "half");
  remove_dead_temporaries(folder.path(), [](std::string_view) { return true; });
  EXPECT_EQ(names_in(folder), Names{"a"});
}

TEST(TemporaryFile, TwoWritersOfOneProcessDoNotMix) {
  const TemporaryFolder folder;
  AtomicFile first(folder.file("a"));
  first.write("first");
  EXPECT_THROW(AtomicFile second(folder.file("a")), Error);
  first.commit();
  EXPECT_EQ(read_file(folder.file("a"), 9), "first");
}

TEST(TemporaryFile, OnlyWhatTheCallerKnowsIsRemoved) {
  const TemporaryFolder folder;
  const pid_t dead = dead_pid();
  const std::string number = std::to_string(dead);
  const Names others = {
      "b.tmp." + number,  "a.tmp." + number + "x", "a.tmp.",      "a.tmp.-1",
      "a.tmp.0",          ".tmp." + number,        "a." + number, "a.tmp.9999999999",
      "ab.tmp." + number, "xa.tmp." + number};
  for (const auto& name : others) write_file_atomic(folder.file(name), "x");
  std::filesystem::create_directory(folder.file("a.tmp." + number));  // no file
  remove_dead_temporaries(folder.path(), [](std::string_view name) { return name == "a"; });
  Names expected = others;
  expected.insert("a.tmp." + number);
  EXPECT_EQ(names_in(folder), expected);
  remove_dead_temporaries(folder.file("nowhere"), [](std::string_view) { return true; });
}

}  // namespace
}  // namespace flamingo
