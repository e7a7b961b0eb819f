#include "flamingo/parallel/backends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "flamingo/core/error.h"
#if __has_include(<gloo/config.h>)  // libtorch holds Gloo, but not all of Gloo's headers
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#define FLAMINGO_GLOO 1
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef FLAMINGO_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace flamingo::parallel {
namespace {

constexpr const char* kLoopback = "127.0.0.1";
constexpr int kBacklog = 1024;

std::chrono::milliseconds timeout_of(const JobConfig& config) {
  return std::chrono::milliseconds(static_cast<int64_t>(config.timeout * 1000));
}

/// A socket that listens on loopback; the store's server closes it.
int listen_on_loopback(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                    bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    listen(fd, kBacklog) == 0;
  if (good) return fd;
  if (fd >= 0) close(fd);
  fail("MASTER_PORT", "expected a free port, got {}", port,
       Hint{"another job may use it; give another port"});
}

#ifdef FLAMINGO_GLOO
c10::intrusive_ptr<c10d::Backend> open_gloo(const c10::intrusive_ptr<c10d::Store>& store,
                                            const JobConfig& config, const Ranks& ranks) {
  using c10d::ProcessGroupGloo;
  auto options = ProcessGroupGloo::Options::create(timeout_of(config));
  options->devices.push_back(config.single_node
                                 ? ProcessGroupGloo::createDeviceForHostname(kLoopback)
                                 : ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<ProcessGroupGloo>(store, static_cast<int>(ranks.rank),
                                               static_cast<int>(ranks.world_size), options);
}
#else
c10::intrusive_ptr<c10d::Backend> open_gloo(const c10::intrusive_ptr<c10d::Store>&,
                                            const JobConfig&, const Ranks&) {
  fail("process group", "expected a build with Gloo, got one without",
       Hint{"install libgloo-dev and build again"});
}
#endif

#ifdef FLAMINGO_NCCL
c10::intrusive_ptr<c10d::Backend> open_nccl(const c10::intrusive_ptr<c10d::Store>& store,
                                            const JobConfig& config, const Ranks& ranks) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout_of(config);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(
      c10::make_intrusive<c10d::PrefixStore>("nccl", store), static_cast<int>(ranks.rank),
      static_cast<int>(ranks.world_size), options);
}
#else
c10::intrusive_ptr<c10d::Backend> open_nccl(const c10::intrusive_ptr<c10d::Store>&,
                                            const JobConfig&, const Ranks&) {
  return {};
}
#endif

}  // namespace

c10::intrusive_ptr<c10d::Store> open_store(const JobConfig& config) {
  c10d::TCPStoreOptions options;
  options.port = config.port;
  options.isServer = config.ranks.rank == 0 && !config.launcher_has_store;
  options.waitWorkers = false;
  options.timeout = timeout_of(config);
  if (options.isServer && config.single_node) {
    options.masterListenFd = listen_on_loopback(config.port);
  }
  const bool local = config.single_node && !config.launcher_has_store;
  auto store = c10::make_intrusive<c10d::TCPStore>(local ? kLoopback : config.host, options);
  return c10::make_intrusive<c10d::PrefixStore>("flamingo/" + config.run, std::move(store));
}

Backends Backends::open(const std::string& name, const c10::intrusive_ptr<c10d::Store>& store,
                        const JobConfig& config, const Ranks& ranks) {
  const auto own = c10::make_intrusive<c10d::PrefixStore>(name, store);
  Backends backends;
  backends.config_ = config;
  backends.host_ = open_gloo(own, config, ranks);
  backends.device_ = open_nccl(own, config, ranks);
  return backends;
}

c10d::Backend& Backends::of(const at::Tensor& tensor) const {
  if (tensor.is_cpu()) return *host_;
  if (!device_.defined())
    fail("process group", "expected a tensor in main memory, got one on {}", tensor.device().str(),
         Hint{"this build has no NCCL"});
  return *device_;
}

bool Backends::waits_on_device(const c10::intrusive_ptr<c10d::Work>& work) const {
#ifdef FLAMINGO_NCCL
  return dynamic_cast<c10d::ProcessGroupNCCL::WorkNCCL*>(work.get()) != nullptr;
#else
  return !work.defined();
#endif
}

}  // namespace flamingo::parallel
