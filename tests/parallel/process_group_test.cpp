#include "flamingo/parallel/process_group.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <torch/types.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/parallel/forked_ranks.h"

namespace flamingo::parallel {
namespace {

using testing::run_ranks;
using testing::texts_of;

std::string numbers(const torch::Tensor& tensor) {
  std::ostringstream out;
  const auto flat = tensor.to(torch::kFloat64).flatten();
  for (int64_t i = 0; i < flat.numel(); ++i) out << flat[i].item<double>() << ' ';
  return out.str();
}

TEST(ProcessGroup, OfOneDoesEverythingAlone) {
  const ProcessGroup group = ProcessGroup::init({});
  const auto x = torch::arange(6.0).view({2, 3});
  group.all_reduce(x);
  group.broadcast(x, 0);
  group.barrier();
  EXPECT_EQ(group.rank(), 0);
  EXPECT_EQ(group.size(), 1);
  EXPECT_TRUE(group.all_gather(x).equal(x.unsqueeze(0)));
  EXPECT_TRUE(group.reduce_scatter(x.unsqueeze(0)).equal(x));
  EXPECT_EQ(group.sum({2, 3}), (std::vector<double>{2, 3}));
  EXPECT_FALSE(group.any(false));
  EXPECT_EQ(group.all_gather_text("x"), std::vector<std::string>{"x"});
  EXPECT_EQ(ProcessGrid::of(group, 1).data.size(), 1);
}

TEST(ProcessGroup, DoesWhatItSays) {
  const auto texts = texts_of(4, [](const ProcessGroup& world) {
    const auto r = static_cast<double>(world.rank());
    const auto reduced = torch::full({3}, r + 1);
    world.all_reduce(reduced);
    const auto gathered = world.all_gather(torch::full({2}, r));
    const auto scattered = world.reduce_scatter(torch::arange(8.0).view({4, 2}) + r);
    const auto rooted = torch::full({1}, r, torch::kInt64);
    world.broadcast(rooted, 2);
    const auto half = torch::full({2}, r, torch::kBFloat16);
    world.all_reduce(half);
    std::string text = numbers(reduced) + "| " + numbers(gathered) + "| " + numbers(scattered) +
                       "| " + numbers(rooted) + "| " + numbers(half) + "|";
    for (const auto& name : world.all_gather_text(std::string(world.rank(), 'x')))
      text += " '" + name + "'";
    return text + (world.any(world.rank() == 3) ? " yes" : " no");
  });
  for (size_t r = 0; r < 4; ++r) {
    std::ostringstream own;
    own << 8 * r + 6 << ' ' << 8 * r + 4 + 6 << ' ';
    EXPECT_EQ(texts[r],
              "10 10 10 | 0 0 1 1 2 2 3 3 | " + own.str() + "| 2 | 6 6 | '' 'x' 'xx' 'xxx' yes");
  }
}

TEST(ProcessGroup, GridOfTensorAndDataGroups) {
  const auto texts = texts_of(4, [](const ProcessGroup& world) {
    const auto grid = ProcessGrid::of(world, 2);
    const double r = static_cast<double>(world.rank());
    const auto twin = grid.data.duplicate("again");
    return numbers(
               torch::tensor({grid.data.sum({r})[0], grid.tensor.sum({r})[0], twin.sum({r})[0]})) +
           grid.data.name_of(1);
  });
  EXPECT_EQ(texts, (std::vector<std::string>{"2 1 2 rank 2", "4 1 4 rank 3", "2 5 2 rank 2",
                                             "4 5 4 rank 3"}));
  EXPECT_THROW(ProcessGrid::of(ProcessGroup(), 2), Error);
}

TEST(ProcessGroup, OthersWaitForTheFirstHoweverLongItTakes) {
  testing::SharedCount waiting, done;
  const auto results = run_ranks(
      2,
      [&](const ProcessGroup& world) {
        if (world.rank() == 1) waiting.add();
        world.run_on_rank0([&] {
          waiting.wait_for(1);
          std::this_thread::sleep_for(std::chrono::seconds(6));  // longer than a collective may
          done.add();
        });
        const bool waited = done.get() == 1;
        world.run_on_rank0([] {});
        world.barrier();
        return std::string(waited ? "waited" : "did not wait");
      },
      {.timeout = 5});
  for (const auto& result : results) EXPECT_EQ(result.text, "waited") << result.error;
}

TEST(ProcessGroup, NamesTheProcessThatDiffers) {
  const auto results = run_ranks(3, [](const ProcessGroup& world) {
    world.require_same("1", "step");
    world.require_same(world.rank() == 2 ? "a" : "b", "weights");
    return std::string();
  });
  for (const auto& result : results)
    EXPECT_NE(result.error.find("the same weights in all processes, got others in rank 2"),
              std::string::npos)
        << result.error;
}

/// Rank 1 of 3 goes away as `leave` does; both others must name it.
void expect_loss_of_rank_1(const std::function<void()>& leave, const JobConfig& job) {
  testing::SharedCount said;
  const auto results = run_ranks(
      3,
      [&](const ProcessGroup& world) {
        const auto processes = world.all_gather(torch::full({1}, getpid(), torch::kInt64));
        world.barrier();
        if (world.rank() == 1) leave();
        std::string message;
        try {
          for (int i = 0; i < 3; ++i) world.all_reduce(torch::ones({1000}));
        } catch (const Error& e) {
          message = e.what();
        }
        kill(static_cast<pid_t>(processes[1].item<int64_t>()), SIGKILL);  // if it is still there
        said.add();
        said.wait_for(2);  // who goes first is not the one that the other misses
        return message;
      },
      job);
  for (const size_t r : {0u, 2u})
    EXPECT_NE(results[r].text.find("rank 1"), std::string::npos)
        << results[r].text << results[r].error;
}

TEST(ProcessGroup, NamesAKilledProcess) {
  expect_loss_of_rank_1([] { kill(getpid(), SIGKILL); }, {.heartbeat_timeout = 3});
}

TEST(ProcessGroup, NamesAProcessThatStoppedInItsTracks) {
  expect_loss_of_rank_1([] { kill(getpid(), SIGSTOP); }, {.heartbeat_timeout = 3});
}

TEST(ProcessGroup, NamesAProcessThatThrew) {
  // Silence could not tell so soon: it says goodbye.
  expect_loss_of_rank_1([] { fail("test", "expected luck, got none"); }, {.timeout = 20});
}

TEST(ProcessGroup, AHaltOfAllProcessesIsNoLoss) {
  testing::SharedCount halted;
  const auto results = run_ranks(
      2,
      [&](const ProcessGroup& world) {
        world.barrier();
        if (fork() == 0) {  // a process outside the job stops this one, and wakes it again
          kill(getppid(), SIGSTOP);
          halted.add();
          halted.wait_for(2);
          std::this_thread::sleep_for(std::chrono::seconds(2));
          kill(getppid(), SIGCONT);
          _exit(0);
        }
        halted.wait_for(2);
        for (int i = 0; i < 30; ++i) world.all_reduce(torch::ones({1000}));
        return std::string("went on");
      },
      {.heartbeat_timeout = 1});
  for (const auto& result : results) EXPECT_EQ(result.text, "went on") << result.error;
}

TEST(ProcessGroup, NamesRankZeroThoughTheStoreGoesWithIt) {
  const auto results = run_ranks(3,
                                 [](const ProcessGroup& world) {
                                   world.barrier();
                                   if (world.rank() == 0) kill(getpid(), SIGKILL);
                                   world.all_reduce(torch::ones({10}));
                                   return std::string();
                                 },
                                 {.heartbeat_timeout = 3});
  for (const size_t r : {1u, 2u})
    EXPECT_NE(results[r].error.find("rank 0"), std::string::npos) << results[r].error;
}

TEST(ProcessGroup, OfOneMachineListensOnLoopbackOnly) {
  const auto texts = texts_of(2, [](const ProcessGroup& world) {
    world.barrier();
    std::string outside;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
      std::ifstream file(table);
      std::string line;
      while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retries, uid, wait, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retries >> uid >> wait >>
            inode;
        if (state != "0A" || local.starts_with("0100007F:")) continue;
        for (int fd = 0; fd < 256; ++fd) {
          char target[64] = {};
          const std::string link = "/proc/self/fd/" + std::to_string(fd);
          if (readlink(link.c_str(), target, sizeof target - 1) > 0 &&
              target == "socket:[" + inode + "]")
            outside += local + " ";
        }
      }
    }
    world.barrier();
    return outside;
  });
  EXPECT_EQ(texts, (std::vector<std::string>{"", ""}));
}

TEST(ProcessGroup, RefusesWhatCannotWork) {
  EXPECT_THROW(ProcessGroup::init({.ranks = {.rank = 0, .world_size = 2}, .timeout = 61}), Error);
  EXPECT_THROW(ProcessGroup::init({.ranks = {.rank = 0, .world_size = 2}, .timeout = 0}), Error);
  EXPECT_THROW(ProcessGroup::init({.ranks = {.rank = 0, .world_size = 2}, .heartbeat_timeout = 0}),
               Error);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  EXPECT_THROW(
      ProcessGroup::init({.ranks = {.rank = 0, .world_size = 2}, .port = ntohs(address.sin_port)}),
      Error);
  close(fd);
}

}  // namespace
}  // namespace flamingo::parallel
