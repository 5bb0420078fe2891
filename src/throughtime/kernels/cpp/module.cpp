// The door to Python: finds the best instruction set of this processor and calls its kernels.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "call.h"

namespace nb = nanobind;

namespace throughtime {

extern const InstructionSet set_avx512, set_avx2;

namespace {

std::vector<const InstructionSet*> supported() {
  std::vector<const InstructionSet*> sets;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets.push_back(&set_avx512);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&set_avx2);
  return sets;
}

const Kernel& find(const std::string& set, const std::string& cell) {
  for (const InstructionSet* candidate : supported())
    if (set == candidate->name)
      for (const Kernel* kernel = candidate->kernels; kernel->cell; ++kernel)
        if (cell == kernel->cell) return *kernel;
  throw std::invalid_argument("no kernel for " + cell + " with " + set);
}

template <class T>
T* pointer(uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

using Addresses = std::vector<uintptr_t>;

// What forward and backward have in common: the shape of the call, and the thread's freedom while it runs.
template <class Fill>
auto entry(void (*Kernel::*which)(const Call&), Fill fill) {
  return [which, fill](const std::string& set, const std::string& cell, int variant, int threads, bool reverse,
                       int64_t steps, int64_t inputs, int64_t hidden, uintptr_t sizes, const Addresses& addresses) {
    const Kernel& kernel = find(set, cell);
    Call call{};
    call.steps = steps, call.inputs = inputs, call.hidden = hidden, call.sizes = pointer<const int64_t>(sizes);
    call.reverse = reverse, call.threads = threads, call.variant = variant;
    fill(call, addresses);
    nb::gil_scoped_release release;
    (kernel.*which)(call);
  };
}

// Addresses of contiguous float32 tensors, 0 for none; fused.py hands them over in this order.
void fill_forward(Call& c, const Addresses& a) {
  c.x = pointer<const float>(a.at(0));
  c.weight_ih = pointer<const float>(a.at(1)), c.weight_hh = pointer<const float>(a.at(2));
  c.bias_ih = pointer<const float>(a.at(3)), c.bias_hh = pointer<const float>(a.at(4));
  c.h0 = pointer<const float>(a.at(5)), c.c0 = pointer<const float>(a.at(6));
  c.output = pointer<float>(a.at(7)), c.cells = pointer<float>(a.at(8)), c.gates = pointer<float>(a.at(9));
  c.hn = pointer<float>(a.at(10)), c.cn = pointer<float>(a.at(11));
}

void fill_backward(Call& c, const Addresses& a) {
  c.x = pointer<const float>(a.at(0));
  c.weight_ih = pointer<const float>(a.at(1)), c.weight_hh = pointer<const float>(a.at(2));
  c.h0 = pointer<const float>(a.at(3)), c.c0 = pointer<const float>(a.at(4));
  c.output = pointer<float>(a.at(5)), c.cells = pointer<float>(a.at(6)), c.gates = pointer<float>(a.at(7));
  c.d_output = pointer<const float>(a.at(8));
  c.d_hn = pointer<const float>(a.at(9)), c.d_cn = pointer<const float>(a.at(10));
  c.d_x = pointer<float>(a.at(11));
  c.d_weight_ih = pointer<float>(a.at(12)), c.d_weight_hh = pointer<float>(a.at(13));
  c.d_bias_ih = pointer<float>(a.at(14)), c.d_bias_hh = pointer<float>(a.at(15));
  c.d_h0 = pointer<float>(a.at(16)), c.d_c0 = pointer<float>(a.at(17));
}

}  // namespace

NB_MODULE(_fused, m) {
  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const InstructionSet* set : supported()) names.push_back(set->name);
    return names;
  });
  m.def("saved", [](const std::string& set, const std::string& cell, int64_t hidden) {
    return find(set, cell).saved(hidden);
  });
  m.def("forward", entry(&Kernel::forward, fill_forward));
  m.def("backward", entry(&Kernel::backward, fill_backward));
}

}  // namespace throughtime
