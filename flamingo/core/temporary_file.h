#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace flamingo {

/// Files that get their name only when they are whole lie in "<path>.tmp.<pid>" until then, locked
/// (flock) by the process that writes them. A process that is killed leaves its file behind; a
/// later one removes it where no live process can need it: its pid is no process of this machine
/// (or the caller, who knows its own), and nobody holds its lock. The lock tells of writers on
/// other machines of a shared disk and in other containers, whose pids say nothing here. A pid that
/// went to another process keeps a file until a later start; so does a disk that knows no locks.

/// "<path>.tmp.<pid>" of this process.
std::string temporary_path(const std::string& path);

/// Removes what dead processes left of `path`, then opens temporary_path(path) for writing, empty
/// and locked until it is closed. Rename it before. Throws Error naming `path`: the file cannot be
/// created, or another writer holds it.
int open_temporary(const std::string& path);

/// Removes what dead processes left in `folder` of files whose names `is_ours` accepts. What cannot
/// be read or removed stays without a word.
void remove_dead_temporaries(const std::string& folder,
                             const std::function<bool(std::string_view name)>& is_ours);

}  // namespace flamingo
