// main() of every test program: random numbers follow from one seed, which is told, and files are
// made in a folder of the process's own, so that programs can run beside themselves. Words of the
// command line name the files whose tests are run: `nn_test mlp_test linear_test`; without, all
// are.

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

#include "tests/support/seed.h"
#ifdef FLAMINGO_TEST_TORCH
#include <ATen/Context.h>
#endif

namespace {

using flamingo::testing::run_seed;

/// Seeds the generators that have a state of their own, before anything of a test is made.
class SeedListener : public ::testing::EmptyTestEventListener {
  void OnTestProgramStart(const ::testing::UnitTest&) override { tell("all tests"); }
  void OnTestSuiteStart(const ::testing::TestSuite&) override { seed(); }
  void OnTestStart(const ::testing::TestInfo&) override { seed(); }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (test.result()->Failed()) tell(test.name());
  }

  static void seed() {
#ifdef FLAMINGO_TEST_TORCH
    at::manual_seed(run_seed());
#endif
  }
  static void tell(const char* whose) {
    std::printf("[   SEED   ] FLAMINGO_TEST_SEED=%" PRIu64 " (%s)\n", run_seed(), whose);
    std::fflush(stdout);
  }
};

/// Where TMPDIR and TEST_TMPDIR (::testing::TempDir) lead, until the program ends.
class OwnFolder {
 public:
  OwnFolder() : path_((std::filesystem::temp_directory_path() / "flamingo-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr)
      throw std::runtime_error("[" + path_ + "] expected to create a folder, got none");
    for (const char* name : {"TMPDIR", "TEST_TMPDIR"}) ::setenv(name, path_.c_str(), 1);
  }
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;

 private:
  std::string path_;
};

/// A filter of the tests in the files of these stems.
std::string filter_of(std::span<char* const> stems) {
  std::string filter;
  for (const char* stem : stems) {
    const size_t before = filter.size();
    const auto& program = *::testing::UnitTest::GetInstance();
    for (int i = 0; i < program.total_test_suite_count(); ++i) {
      const auto& suite = *program.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); ++j) {
        const auto& test = *suite.GetTestInfo(j);
        if (std::filesystem::path(test.file()).stem() != stem) continue;
        filter += std::string(suite.name()) + "." + test.name() + ":";
      }
    }
    if (filter.size() == before)
      throw std::runtime_error("[" + std::string(stem) + "] expected a file with tests, got none");
  }
  return filter;
}

int run_tests(std::span<char* const> stems) {
  run_seed();
  if (!stems.empty()) ::testing::GTEST_FLAG(filter) = filter_of(stems);
  const OwnFolder folder;
  ::testing::UnitTest::GetInstance()->listeners().Append(new SeedListener);
  return RUN_ALL_TESTS();
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    return run_tests(std::span(argv, argc).subspan(1));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
