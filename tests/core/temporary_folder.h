#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::testing {

/// A fresh folder of the running test alone, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "flamingo-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) fail(path_, "expected to create a folder");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace flamingo::testing
