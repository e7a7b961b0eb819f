#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "flamingo/core/error.h"

namespace flamingo::testing {

/// The server's end of one connection.
class Connection {
 public:
  Connection(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// False once the client has gone or the server stops.
  bool send(std::string_view bytes) {
    while (!bytes.empty() && !stopping_) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return !stopping_;
  }

  /// The bytes up to the blank line behind a request's headers; empty when none came or the client
  /// speaks TLS.
  std::string receive_head() {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n")) {
      pollfd poll{fd_, POLLIN, 0};
      while (::poll(&poll, 1, 20) == 0) {
        if (stopping_) return {};
      }
      if (::recv(fd_, &byte, 1, 0) != 1 || (head.empty() && byte == '\x16')) return {};
      head += byte;
    }
    return head;
  }

  /// Waits until the client closes the connection or the server stops.
  void wait_for_end() {
    char byte = 0;
    pollfd poll{fd_, POLLIN, 0};
    while (!stopping_) {
      if (::poll(&poll, 1, 20) > 0 && ::recv(fd_, &byte, 1, 0) <= 0) return;
    }
  }

  /// Makes close() send a reset instead of an end.
  void reset_on_close() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int fd_;
  const std::atomic<bool>& stopping_;
};

/// An HTTP server on a port of 127.0.0.1 of its own: a thread for each connection, one request on
/// each, and a list of what was asked.
class LoopbackServer {
 public:
  /// Answers a request; the connection is closed behind it.
  using Handler = std::function<void(Connection&)>;

  LoopbackServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    require(::bind(listener_, generic, sizeof address) == 0 && ::listen(listener_, 128) == 0 &&
                ::getsockname(listener_, generic, &size) == 0,
            "loopback server", "expected a free port");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~LoopbackServer() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  uint16_t port() const { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(const std::string& target) const { return "http://" + host() + target; }

  /// What stands at a path and query. Without one the answer is 404.
  void at(const std::string& target, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[target] = std::move(handler);
  }
  /// Sends these bytes as they are.
  void at(const std::string& target, std::string reply) {
    at(target, [reply = std::move(reply)](Connection& connection) { connection.send(reply); });
  }

  /// "GET /x" of every request so far, in order.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// Requests for one target.
  int64_t count(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    return std::count(requests_.begin(), requests_.end(), "GET " + target);
  }
  /// The whole head of the last request.
  std::string last_head() const {
    const std::lock_guard lock(mutex_);
    return last_head_;
  }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    pollfd poll{listener_, POLLIN, 0};
    while (!stopping_) {
      if (::poll(&poll, 1, 20) <= 0) continue;
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    Connection connection(fd, stopping_);
    const std::string head = connection.receive_head();
    if (head.empty()) return;
    const std::string line = head.substr(0, head.find(" HTTP/"));
    Handler handler;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(line);
      last_head_ = head;
      const auto it = handlers_.find(line.substr(std::min(line.find(' ') + 1, line.size())));
      if (it != handlers_.end()) handler = it->second;
    }
    if (handler) {
      handler(connection);
    } else {
      connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
  }

  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  std::vector<std::string> requests_;
  std::string last_head_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  ///< only touched by the acceptor, then the destructor
};

/// A whole answer with Content-Length. headers: lines that end in "\r\n".
inline std::string http_reply(const std::string& status, const std::string& headers,
                              const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

/// 200 with a JPEG's type.
inline std::string picture_reply(const std::string& body, const std::string& headers = {}) {
  return http_reply("200 OK", "Content-Type: image/jpeg\r\n" + headers, body);
}

inline std::string redirect_reply(const std::string& location,
                                  const std::string& status = "302 Found") {
  return http_reply(status, "Location: " + location + "\r\n", "moved");
}

}  // namespace flamingo::testing
