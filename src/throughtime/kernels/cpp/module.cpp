// The door to Python: finds the instruction sets of this processor and calls their kernels.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "amx.h"
#include "call.h"
#include "decoding.h"
#include "pool.h"
#include "stream.h"

namespace nb = nanobind;

namespace throughtime {

extern const InstructionSet set_avx512, set_avx2;            // products of float32
extern const InstructionSet set_avx512_bf16, set_avx2_bf16;  // of bfloat16
extern const InstructionSet set_amx_bf16, set_amx_emulated;  // of bfloat16, in tiles
extern const DecodingKernels decoding_avx512, decoding_avx2;

namespace {

using Sets = std::vector<const InstructionSet*>;

// What this processor can run, best first.
struct Supported {
  Sets float32, bfloat16;

  Supported() {
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    if (avx512) float32.push_back(&set_avx512);
#ifdef WITH_AMX_BF16
    if (avx512 && __builtin_cpu_supports("avx512bf16") && amx_bf16_at_hand()) bfloat16.push_back(&set_amx_bf16);
#endif
#ifdef WITH_AVX512_BF16
    if (avx512 && __builtin_cpu_supports("avx512bf16")) bfloat16.push_back(&set_avx512_bf16);
#endif
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    float32.push_back(&set_avx2);
    bfloat16.push_back(&set_avx2_bf16);
    if (avx512) bfloat16.push_back(&set_amx_emulated);
  }
};

const Supported& supported() {
  static const Supported sets;
  return sets;
}

const InstructionSet& find_set(std::string_view name) {
  for (const Sets* sets : {&supported().float32, &supported().bfloat16})
    for (const InstructionSet* set : *sets)
      if (name == set->name) return *set;
  throw std::invalid_argument("no instruction set " + std::string(name));
}

std::vector<std::string> names_of(const Sets& sets) {
  std::vector<std::string> names;
  for (const InstructionSet* set : sets) names.push_back(set->name);
  return names;
}

const Kernel& find(const InstructionSet& set, std::string_view cell) {
  for (const Kernel* kernel = set.kernels; kernel->cell; ++kernel)
    if (cell == kernel->cell) return *kernel;
  throw std::invalid_argument("no kernel for " + std::string(cell) + " with " + set.name);
}

const DecodingKernels& find_decoding(const std::string& set) {
  return &find_set(set) == &set_avx512 ? decoding_avx512 : decoding_avx2;
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
  const Kernel& kernel = find(find_set(set), cell);
  const Call call = make_call(addresses, numbers, shares);
  if (call.steps == 0) return;
  nb::gil_scoped_release release;
  (kernel.*which)(call);
}

using Pooled = nb::ndarray<nb::pytorch, float, nb::ndim<2>>;

// A tensor of torch in the pool's memory, which goes back there with it.
Pooled pooled(int64_t rows, int64_t columns) {
  auto* block = new Block(Pool::of_process().take(rows * columns * static_cast<int64_t>(sizeof(float))));
  nb::capsule owner(block, [](void* taken) noexcept {
    const auto* block = static_cast<Block*>(taken);
    Pool::of_process().give_back(*block);
    delete block;
  });
  return Pooled(block->start, {static_cast<size_t>(rows), static_cast<size_t>(columns)}, owner);
}

template <class T>
T* at(uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

void largest(const std::string& set, int threads, int64_t rows, int64_t depth, int64_t columns, int64_t many,
             uintptr_t hidden, uintptr_t packed, const std::vector<int64_t>& excluded, uintptr_t values,
             uintptr_t places, uintptr_t normaliser) {
  Largest asked{rows, depth, columns, many, threads, at<const float>(hidden), at<const float>(packed)};
  asked.excluded = excluded.data(), asked.excluded_count = static_cast<int64_t>(excluded.size());
  asked.values = at<float>(values), asked.places = at<int64_t>(places), asked.normaliser = at<float>(normaliser);
  nb::gil_scoped_release release;
  find_decoding(set).largest(asked);
}

void attend(const std::string& set, int threads, int64_t rows, int64_t beams, int64_t steps, int64_t features,
            int64_t size, uintptr_t own, uintptr_t queries, int64_t row, uintptr_t keys, uintptr_t values,
            uintptr_t mask, uintptr_t sentences, uintptr_t score, uintptr_t alpha, uintptr_t vector) {
  Attend asked{rows, beams, steps, features, size, threads, at<const float>(own), at<const float>(queries), row};
  asked.keys = at<const float>(keys), asked.values = at<const float>(values), asked.mask = at<const float>(mask);
  asked.sentences = at<const int64_t>(sentences), asked.score = at<const float>(score);
  asked.alpha = at<float>(alpha), asked.vector = at<float>(vector);
  nb::gil_scoped_release release;
  find_decoding(set).attend(asked);
}

}  // namespace

NB_MODULE(_fused, m) {
  nb::set_leak_warnings(false);  // the one Stream lives as long as Python
  m.def("instruction_sets", [] { return names_of(supported().float32); });
  m.def("bfloat16_sets", [] { return names_of(supported().bfloat16); });
  // whether products of bfloat16 are quicker than those of float32: see docs/kernels.md
  m.def("bfloat16_gains", [] { return __builtin_cpu_is("amd") != 0 || amx_bf16_at_hand(); });
  m.def("kept", [](const std::string& set, const std::string& cell, int64_t hidden, bool layer_norm) {
    Call call{};
    call.hidden = hidden;
    const float gain = 0.0f;
    if (layer_norm) call.weights.norm_hh = &gain;
    return find(find_set(set), cell).kept(call);
  });
  m.def("traced", [](const std::string& set, const std::string& cell) { return find(find_set(set), cell).traced; });
  m.def("peak", [](const std::string& set) {
    nb::gil_scoped_release release;
    return find_set(set).peak();
  });
  m.def("pooled", pooled);
  m.def("forward", run<&Kernel::forward>);
  m.def("backward", run<&Kernel::backward>);
  nb::class_<Stream>(m, "Stream")
      .def(nb::init<nb::capsule, nb::handle, nb::handle, nb::object>())
      .def("step", [](const Stream& stream, const char* set, int threads, bool batch_first, nb::tuple stages,
                      nb::handle x, nb::handle hx, nb::dict parameters) {
        const InstructionSet& kernels = find_set(set);
        return stream.step([&](const char* cell) -> const Kernel& { return find(kernels, cell); }, threads, batch_first,
                           stages, x, hx, parameters);
      }, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg().none(), nb::arg());
  m.def("packed_size", [](const std::string& set, int64_t columns, int64_t depth) {
    return find_decoding(set).packed_size(columns, depth);
  });
  m.def("pack_linear", [](const std::string& set, uintptr_t weight, uintptr_t bias, int64_t columns, int64_t depth,
                          uintptr_t packed) {
    nb::gil_scoped_release release;
    find_decoding(set).pack_linear(at<const float>(weight), at<const float>(bias), columns, depth, at<float>(packed));
  });
  m.def("largest", largest);
  m.def("attend", attend);
}

}  // namespace throughtime
