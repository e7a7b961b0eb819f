#include "flamingo/core/write_all.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

TEST(WriteAll, WritesMoreThanOneCallTakes) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string sent(1 << 20, 'x');  // a pipe holds 64 KiB
  std::string received;
  std::jthread reader([&] {
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof(buffer))) > 0;) {
      received.append(buffer, static_cast<size_t>(n));
    }
  });
  write_all(ends[1], sent, "pipe");
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_EQ(received, sent);
}

TEST(WriteAll, NamesTheFileThatCannotBeWritten) {
  try {
    write_all(-1, "x", "some/file");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[some/file] expected to write"), std::string::npos)
        << error.what();
  }
  EXPECT_NO_THROW(write_all(-1, "", "some/file"));
}

}  // namespace
}  // namespace flamingo
