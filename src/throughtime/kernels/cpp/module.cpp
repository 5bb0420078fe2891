// The door to Python: finds the instruction sets of this processor and calls their kernels.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "call.h"

namespace nb = nanobind;

namespace throughtime {

extern const InstructionSet set_avx512, set_avx2;

namespace {

const std::vector<const InstructionSet*>& supported() {
  static const std::vector<const InstructionSet*> sets = [] {
    std::vector<const InstructionSet*> found;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
      found.push_back(&set_avx512);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&set_avx2);
    return found;
  }();
  return sets;
}

const InstructionSet& find_set(const std::string& name) {
  for (const InstructionSet* set : supported())
    if (name == set->name) return *set;
  throw std::invalid_argument("no instruction set " + name);
}

const Kernel& find(const std::string& set, const std::string& cell) {
  for (const Kernel* kernel = find_set(set).kernels; kernel->cell; ++kernel)
    if (cell == kernel->cell) return *kernel;
  throw std::invalid_argument("no kernel for " + cell + " with " + set);
}

using Addresses = std::vector<uintptr_t>;

// Takes addresses one by one; 0 is a null pointer.
class Reader {
 public:
  explicit Reader(const Addresses& all) : all_(all) {}
  template <class T>
  void operator()(T*& pointer) {
    pointer = reinterpret_cast<T*>(all_.at(next_++));
  }
  template <class T>
  void operator()(Weights<T>& w) {
    (*this)(w.ih), (*this)(w.hh), (*this)(w.bias_ih), (*this)(w.bias_hh), (*this)(w.norm_ih), (*this)(w.norm_hh);
    (*this)(w.peephole), (*this)(w.hr), (*this)(w.norm_cell), (*this)(w.norm_cell_bias);
  }

 private:
  const Addresses& all_;
  size_t next_ = 0;
};

// Addresses of contiguous float32 tensors (masks of bytes, sizes of int64), 0 for none, in the order of sweep.py.
Call make_call(const Addresses& addresses, const std::vector<int64_t>& numbers, const std::vector<float>& shares) {
  Call c{};
  c.steps = numbers.at(0), c.inputs = numbers.at(1), c.hidden = numbers.at(2), c.state = numbers.at(3);
  c.variant = static_cast<int>(numbers.at(4)), c.reverse = numbers.at(5) != 0;
  c.threads = static_cast<int>(numbers.at(6));
  Reader read(addresses);
  read(c.sizes);
  while (c.steps > 0 && c.sizes[c.steps - 1] == 0) --c.steps;  // torch.compile cannot leave out steps that no row has
  read(c.x), read(c.weights), read(c.h0), read(c.c0), read(c.mask);
  for (int i = 0; i < 2; ++i) {
    read(c.zone[i].mask);
    c.zone[i].share = shares.at(i);
    c.zone[i].there = c.zone[i].mask != nullptr || c.zone[i].share > 0.0f;
  }
  read(c.output), read(c.cells), read(c.gates), read(c.trace), read(c.hn), read(c.cn);
  read(c.d_output), read(c.d_hn), read(c.d_cn), read(c.d_x), read(c.d_weights), read(c.d_h0), read(c.d_c0);
  return c;
}

template <void (*Kernel::*which)(const Call&)>
void run(const std::string& set, const std::string& cell, const Addresses& addresses,
         const std::vector<int64_t>& numbers, const std::vector<float>& shares) {
  const Kernel& kernel = find(set, cell);
  const Call call = make_call(addresses, numbers, shares);
  if (call.steps == 0) return;
  nb::gil_scoped_release release;
  (kernel.*which)(call);
}

// One step of a stream, without a list of addresses: every microsecond counts there.
void step(const std::string& set, const std::string& cell, int variant, int threads, int64_t rows, int64_t inputs,
          int64_t hidden, uintptr_t x, uintptr_t weight_ih, uintptr_t weight_hh, uintptr_t bias_ih, uintptr_t bias_hh,
          uintptr_t h0, uintptr_t c0, uintptr_t output, uintptr_t hn, uintptr_t cn) {
  const Kernel& kernel = find(set, cell);
  Call c{};
  c.steps = 1, c.sizes = &rows, c.inputs = inputs, c.hidden = c.state = hidden;
  c.variant = variant, c.threads = threads;
  auto put = [](auto*& pointer, uintptr_t address) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(address);
  };
  put(c.x, x), put(c.weights.ih, weight_ih), put(c.weights.hh, weight_hh);
  put(c.weights.bias_ih, bias_ih), put(c.weights.bias_hh, bias_hh);
  put(c.h0, h0), put(c.c0, c0), put(c.output, output), put(c.hn, hn), put(c.cn, cn);
  nb::gil_scoped_release release;
  kernel.forward(c);
}

}  // namespace

NB_MODULE(_fused, m) {
  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const InstructionSet* set : supported()) names.push_back(set->name);
    return names;
  });
  m.def("kept", [](const std::string& set, const std::string& cell, int64_t hidden, bool layer_norm) {
    Call call{};
    call.hidden = hidden;
    const float gain = 0.0f;
    if (layer_norm) call.weights.norm_hh = &gain;
    return find(set, cell).kept(call);
  });
  m.def("traced", [](const std::string& set, const std::string& cell) { return find(set, cell).traced; });
  m.def("peak", [](const std::string& set) {
    nb::gil_scoped_release release;
    return find_set(set).peak();
  });
  m.def("forward", run<&Kernel::forward>);
  m.def("backward", run<&Kernel::backward>);
  m.def("step", step);
}

}  // namespace throughtime
