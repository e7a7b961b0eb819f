#!/usr/bin/env python3
"""check_tree.py finds each kind of mistake in a small tree, and nothing in that tree without it."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_tree

ARCHITECTURE = """
| folder | holds | library |
|---|---|---|
| core | errors | base |
| nn | layers | model |
| cli, golden | programs | - |
"""
CORE = """#pragma once
namespace flamingo {

/// What went wrong; "{" in a comment or a string is no bracket.
class Error {
 public:
  const char* what() const { return "{"; }
};

}  // namespace flamingo
"""
NN = """#pragma once
#include "flamingo/core/error.h"

namespace flamingo::nn {

class Later;

/// One layer.
class Layer {
 public:
  /// x [B, T, D] -> the same shape.
  torch::Tensor forward(const torch::Tensor& x, const Options& options = {}) const;

  torch::Tensor weight;
};
TORCH_MODULE(Layer);

/// Values of a list.
template <class T>
constexpr int kMost = 3;
enum_table(Layer);

}  // namespace flamingo::nn
"""


class CheckTree(unittest.TestCase):

    def problems(self, nn=NN, core=CORE, extra=None):
        with tempfile.TemporaryDirectory() as root:
            files = {"ARCHITECTURE.md": ARCHITECTURE, "flamingo/core/error.h": core, "flamingo/nn/layer.h": nn, **(extra or {})}
            for path, text in files.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as file:
                    file.write(text)
            return check_tree.problems_of(root)

    def expect(self, wanted, **files):
        found = self.problems(**files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(wanted, found[0])

    def test_good_tree(self):
        self.assertEqual(self.problems(), [])

    def test_include_of_a_later_folder(self):
        core = CORE.replace("#pragma once", '#pragma once\n#include "flamingo/nn/layer.h"')
        self.expect("flamingo/core/error.h:2: expected a folder above core", core=core)

    def test_folder_that_is_not_listed(self):
        self.expect("flamingo/new/a.cpp:1: expected a folder that ARCHITECTURE.md lists", extra={"flamingo/new/a.cpp": ""})

    def test_other_namespace(self):
        nn = NN.replace("flamingo::nn {", "flamingo::lm {")
        self.assertTrue(all("in flamingo::nn, got flamingo::lm" in one for one in self.problems(nn=nn)))
        self.assertEqual(len(self.problems(nn=nn)), 3)

    def test_name_of_another_header(self):
        twin = "#pragma once\nnamespace flamingo::nn {\n/// Twin.\nstruct Layer {\n};\n}\n"
        self.expect("flamingo/nn/twin.h:4: expected a name of its own, got Layer as in flamingo/nn/layer.h",
                    extra={"flamingo/nn/twin.h": twin})

    def test_name_of_core(self):
        self.expect("got Error as in flamingo/core/error.h", nn=NN.replace("kMost = 3", "Error = 3"))

    def test_declaration_without_comment(self):
        self.expect("flamingo/nn/layer.h:9: expected /// above Layer", nn=NN.replace("/// One layer.", "// One layer."))

    def with_member(self, member):
        return NN.replace("torch::Tensor weight;", member)

    def test_type_in_a_class_without_comment(self):
        members = "{\n    int count = 0;\n  };"
        for nested in ("struct State " + members, "struct alignas(64) State " + members, "enum class State { kOn };",
                       "template <class T>\n  struct State<T*> : Base " + members):
            self.expect("flamingo/nn/layer.h:14: expected /// above State, got none", nn=self.with_member(nested))
            self.assertEqual(self.problems(nn=self.with_member("/// What it counts.\n  " + nested)), [])

    def test_type_with_comment_behind(self):
        self.assertEqual(self.problems(nn=self.with_member("enum class State { kOn };  ///< what it does")), [])

    def test_type_of_detail_without_comment(self):
        detail = "namespace detail {\n\nstruct Probe {\n};\n\n}  // namespace detail\n\nclass Later;"
        self.expect("flamingo/nn/layer.h:8: expected /// above Probe, got none", nn=NN.replace("class Later;", detail))

    def test_tensors_without_shape(self):
        self.expect("flamingo/nn/layer.h:12: expected the shapes of forward's tensors",
                    nn=NN.replace("x [B, T, D] -> the same shape", "y = f(x)"))


if __name__ == "__main__":
    unittest.main()
