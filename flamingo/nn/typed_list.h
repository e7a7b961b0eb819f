#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace flamingo::nn {

/// A list of modules of one type; keys are "<name>.0.", "<name>.1.", ... and no cast is ever
/// needed.
template <class Holder>
class TypedListImpl : public torch::nn::Module {
 public:
  void append(Holder module) {
    register_module(std::to_string(items_.size()), module);
    items_.push_back(std::move(module));
  }
  size_t size() const { return items_.size(); }
  const Holder& operator[](size_t i) const { return items_.at(i); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<Holder> items_;
};

/// Owning handle of a TypedListImpl, to be passed to register_module.
template <class Holder>
using TypedList = std::shared_ptr<TypedListImpl<Holder>>;

/// An empty list.
template <class Holder>
TypedList<Holder> make_typed_list() {
  return std::make_shared<TypedListImpl<Holder>>();
}

}  // namespace flamingo::nn
