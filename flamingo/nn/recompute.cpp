#include "flamingo/nn/recompute.h"

#include <c10/util/ScopeExit.h>
#include <torch/autograd.h>

#include <algorithm>
#include <utility>

namespace flamingo::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kBody = "body";

/// f as a graph node can keep it.
struct Body : torch::CustomClassHolder {
  Body(TensorFunction function, size_t inputs) : f(std::move(function)), num_inputs(inputs) {}
  TensorFunction f;
  size_t num_inputs;
};

thread_local bool computes_again = false;

/// f(inputs) for the second time.
at::Tensor again(const TensorFunction& f, const variable_list& inputs) {
  const bool before = std::exchange(computes_again, true);
  const auto restore = c10::make_scope_exit([before] { computes_again = before; });
  return f(inputs);
}

bool wants_gradient(const at::Tensor& tensor) { return tensor.requires_grad(); }

/// The tensors without their history; those that had a gradient still want one.
variable_list cut_off(at::TensorList tensors) {
  variable_list leaves;
  for (const at::Tensor& tensor : tensors)
    leaves.push_back(tensor.detach().set_requires_grad(tensor.requires_grad()));
  return leaves;
}

/// Gradients of `result` for `leaves`, undefined where none is wanted.
variable_list gradients(const at::Tensor& result, const variable_list& leaves,
                        const at::Tensor& outer) {
  variable_list wanted;
  std::ranges::copy_if(leaves, std::back_inserter(wanted), wants_gradient);
  const auto found = torch::autograd::grad({result}, wanted, {outer}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
  variable_list all;
  auto next = found.begin();
  for (const at::Tensor& leaf : leaves)
    all.push_back(wants_gradient(leaf) ? *next++ : at::Tensor());
  return all;
}

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  /// Runs f with a graph, which is dropped at once: without one, f might take other kernels.
  static at::Tensor forward(AutogradContext* ctx, const c10::intrusive_ptr<Body>& body,
                            at::TensorList inputs, at::TensorList parameters) {
    variable_list kept = inputs.vec();
    kept.insert(kept.end(), parameters.begin(), parameters.end());
    ctx->save_for_backward(std::move(kept));
    ctx->saved_data[kBody] = c10::IValue::make_capsule(body);
    const at::AutoGradMode with_graph(true);
    return body->f(cut_off(inputs)).detach();
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto body = c10::static_intrusive_pointer_cast<Body>(ctx->saved_data[kBody].toCapsule());
    const variable_list kept = ctx->get_saved_variables();
    const at::AutoGradMode with_graph(true);
    variable_list leaves = cut_off(at::TensorList(kept).slice(0, body->num_inputs));
    const at::Tensor result = again(body->f, leaves);
    leaves.insert(leaves.end(), kept.begin() + std::ssize(leaves), kept.end());
    variable_list found = gradients(result, leaves, outer[0]);
    found.insert(found.begin(), at::Tensor());  // of `body`
    return found;
  }
};

}  // namespace

bool recomputing() { return computes_again; }

at::Tensor recompute(TensorFunction f, const std::vector<at::Tensor>& inputs,
                     const std::vector<at::Tensor>& parameters) {
  const bool differentiates =
      at::GradMode::is_enabled() && (std::ranges::any_of(inputs, wants_gradient) ||
                                     std::ranges::any_of(parameters, wants_gradient));
  if (!differentiates) return f(inputs);
  // Lists of tensors must be named so: of a vector, torch would track none.
  return Recompute::apply(c10::make_intrusive<Body>(std::move(f), inputs.size()),
                          at::TensorList(inputs), at::TensorList(parameters));
}

}  // namespace flamingo::nn
